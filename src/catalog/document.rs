//! TOML text read into a type, with an error that shows the file, the line, what was meant and what is allowed.

use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;

/// Something wrong in what a user wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// The file, or the flag, as the user named it.
    pub file: String,
    /// The whole text, where there is one to show.
    pub text: Option<String>,
    /// The offending bytes of the text.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What was meant, what is allowed.
    pub help: Option<String>,
}

impl InputError {
    /// An error without a place in a text.
    #[must_use]
    pub fn plain(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), text: None, span: None, message: message.into(), help: None }
    }

    /// The same error with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The line of the offending bytes, counted from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        let (text, span) = (self.text.as_ref()?, self.span.as_ref()?);
        Some(line_of(text, span.start))
    }
}

/// The line of a byte, counted from one.
#[must_use]
pub fn line_of(text: &str, byte: usize) -> usize {
    1 + text.as_bytes()[..byte.min(text.len())].split(|&b| b == b'\n').count() - 1
}

/// A parsed TOML text that remembers where each value stands.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Its values.
    pub table: toml::Table,
    spans: BTreeMap<String, Range<usize>>,
    keys: BTreeMap<String, Range<usize>>,
}

impl Document {
    /// Parses a text.
    pub fn parse(file: &str, text: &str) -> Result<Self, InputError> {
        let table = text.parse::<toml::Table>().map_err(|error| InputError {
            file: file.into(),
            text: Some(text.into()),
            span: error.span(),
            message: error.message().trim().to_owned(),
            help: Some("a TOML line looks like `power = \"1 GW\"`; a section like `[site]`".into()),
        })?;
        let (mut spans, mut keys) = (BTreeMap::new(), BTreeMap::new());
        if let Ok(root) = toml::de::DeTable::parse(text) {
            collect_spans(root.get_ref(), "", &mut spans, &mut keys);
        }
        Ok(Self { file: file.into(), text: text.into(), table, spans, keys })
    }

    /// Where a dotted path stands: its key and value, or the nearest parent that has a place.
    #[must_use]
    pub fn span(&self, path: &str) -> Option<Range<usize>> {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return Some(span.clone());
            }
            path = &path[..path.rfind('.')?];
        }
    }

    /// The line of a dotted path.
    #[must_use]
    pub fn line(&self, path: &str) -> Option<usize> {
        self.spans.get(path).map(|span| line_of(&self.text, span.start))
    }

    /// An error at a dotted path.
    #[must_use]
    pub fn error(&self, path: &str, message: impl Into<String>) -> InputError {
        InputError {
            file: self.file.clone(),
            text: Some(self.text.clone()),
            span: self.span(path),
            message: message.into(),
            help: None,
        }
    }

    /// A fault as an error: at the key where the key is wrong, else at the value.
    #[must_use]
    pub fn at_fault(&self, fault: Fault) -> InputError {
        let key = fault.unknown_key.then(|| self.keys.get(&fault.path).cloned()).flatten();
        let mut error = self.error(&fault.path, fault.message);
        error.span = key.or(error.span);
        error.help = fault.help;
        error
    }

    /// Reads the whole document as a type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        read_table(&self.table).map_err(|fault| self.at_fault(fault))
    }
}

/// What is wrong with a table, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Dotted path of the value; of the unknown key itself for an unknown field.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was meant, what is allowed.
    pub help: Option<String>,
    /// Whether the key itself is what is wrong.
    pub unknown_key: bool,
}

/// Reads a table as a type.
pub fn read_table<T: DeserializeOwned>(table: &toml::Table) -> Result<T, Fault> {
    serde_path_to_error::deserialize(toml::Value::Table(table.clone())).map_err(|error| {
        let path = error.path().to_string().replace(['[', ']'], ".").replace("..", ".");
        let path = path.trim_matches('.').to_owned();
        let path = if path == "?" { String::new() } else { path };
        let inner = error.into_inner();
        explain(path, inner.message())
    })
}

/// Turns serde's sentence into ours: the near name first, then what is allowed.
fn explain(path: String, message: &str) -> Fault {
    let message = message.trim().lines().next().unwrap_or_default().to_owned();
    for kind in ["unknown field", "unknown variant"] {
        let Some(rest) = message.strip_prefix(kind) else { continue };
        let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
        let Some(wrong) = quoted.next() else { continue };
        let allowed: Vec<String> = quoted.collect();
        let path =
            if kind == "unknown field" && !path.ends_with(&wrong) { join(&path, &wrong) } else { path };
        let word = if kind == "unknown field" { "field" } else { "value" };
        return Fault {
            message: format!("unknown {word} `{wrong}`"),
            help: Some(suggest(&wrong, &allowed)),
            unknown_key: kind == "unknown field",
            path,
        };
    }
    if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let where_ = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
        let help = (field == "source").then(|| {
            "every figure names its source: `source = \"key\"`, with `[sources.key]` in the same file"
                .to_owned()
        });
        return Fault { message: format!("`{field}` is missing{where_}"), help, path, unknown_key: false };
    }
    let message = message
        .strip_prefix("invalid type: ")
        .map_or_else(|| message.clone(), |rest| format!("wrong kind of value: {rest}"));
    Fault { path, message: in_words(&message), help: None, unknown_key: false }
}

/// Words of the language instead of the parser's.
fn in_words(message: &str) -> String {
    let mut message = message.to_owned();
    for (theirs, ours) in [
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected a sequence", "expected a list"),
        ("a boolean", "true or false"),
        (": map,", ": a table,"),
        (": sequence,", ": a list,"),
        (": floating point ", ": "),
        (": integer ", ": "),
        (": string ", ": "),
    ] {
        message = message.replace(theirs, ours);
    }
    message
}

/// `a.b` from `a` and `b`.
#[must_use]
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// "did you mean", then the list of what is allowed.
#[must_use]
pub fn suggest(wrong: &str, allowed: &[String]) -> String {
    let list = || allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(wrong, allowed) {
        Some(near) if allowed.len() > 12 => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? allowed: {}", list()),
        None if allowed.is_empty() => "nothing is allowed here".into(),
        None => format!("allowed: {}", list()),
    }
}

/// The allowed name that looks most like a wrong one, if any looks like it at all.
#[must_use]
pub fn nearest<'a>(wrong: &str, allowed: &'a [String]) -> Option<&'a String> {
    if wrong.is_empty() {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let likeness = |name: &String| {
        let direct = strsim::jaro_winkler(&wrong, name);
        if name.contains(&wrong) || wrong.contains(name.as_str()) { direct.max(0.86) } else { direct }
    };
    allowed
        .iter()
        .map(|name| (likeness(name), name))
        .filter(|(score, _)| *score > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn collect_spans(
    table: &toml::de::DeTable<'_>,
    path: &str,
    spans: &mut BTreeMap<String, Range<usize>>,
    keys: &mut BTreeMap<String, Range<usize>>,
) {
    for (key, value) in table {
        let path = join(path, key.get_ref());
        spans.insert(path.clone(), key.span());
        keys.insert(path.clone(), key.span());
        collect_value_spans(value, &path, spans, keys);
    }
}

fn collect_value_spans(
    value: &toml::Spanned<toml::de::DeValue<'_>>,
    path: &str,
    spans: &mut BTreeMap<String, Range<usize>>,
    keys: &mut BTreeMap<String, Range<usize>>,
) {
    match value.get_ref() {
        toml::de::DeValue::Table(inner) => collect_spans(inner, path, spans, keys),
        toml::de::DeValue::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let path = join(path, &place.to_string());
                spans.insert(path.clone(), item.span());
                collect_value_spans(item, &path, spans, keys);
            }
        }
        _ => {
            // A plain value is shown itself rather than its key.
            spans.insert(path.to_owned(), value.span());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Watts;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Site {
        envelope: Watts,
        nested: Option<Nested>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Nested {
        list: Vec<Watts>,
    }

    fn fault(text: &str) -> InputError {
        Document::parse("x.toml", text).and_then(|d| d.read::<Site>()).unwrap_err()
    }

    #[test]
    fn a_typo_is_shown_with_its_line_and_the_near_name() {
        let error = fault("# site\nenvelop = \"1 GW\"\n");
        assert_eq!(error.line(), Some(2));
        assert!(error.help.unwrap().contains("did you mean `envelope`"));
    }

    #[test]
    fn a_unit_of_the_wrong_kind_points_at_the_value() {
        let error = fault("envelope = \"1 GB\"\n");
        let span = error.span.clone().unwrap();
        assert_eq!(&error.text.as_ref().unwrap()[span], "\"1 GB\"");
        assert!(error.message.contains("a power is wanted"), "{}", error.message);
    }

    #[test]
    fn an_unknown_field_points_at_the_key() {
        let error = fault("envelope = \"1 W\"\nplace = \"x\"\n");
        assert_eq!(&error.text.as_ref().unwrap()[error.span.clone().unwrap()], "place");
    }

    #[test]
    fn a_bare_number_is_refused() {
        assert!(fault("envelope = 5\n").message.contains("no unit"));
        assert!(fault("envelope = nan\n").message.contains("finite"));
    }

    #[test]
    fn faults_inside_lists_have_a_place() {
        let error = fault("envelope = \"1 W\"\n[nested]\nlist = [\"1 W\",\n \"2 s\"]\n");
        assert_eq!(error.line(), Some(4));
    }

    #[test]
    fn broken_toml_has_a_place() {
        assert_eq!(fault("envelope = \"1 GW\nx = 2\n").line(), Some(1));
    }
}
