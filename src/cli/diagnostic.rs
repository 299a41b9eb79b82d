//! What goes wrong, told on stderr: the file, the line, what was meant, what is allowed.

use crate::catalog::InputError;
use crate::report::terminal::{printable, wrap};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

const WIDTH: usize = 100;
const SHOWN: usize = 12;

/// Why a command did not finish.
#[derive(Debug)]
pub enum Failure {
    /// The user wrote or named something that doesn't work.
    Bad(Vec<InputError>),
    /// The program is wrong.
    Ours(String),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::Bad(vec![error])
    }
}

impl Failure {
    /// A fault of something that has no text to show: a file, an option.
    pub fn bad(what: impl Into<String>, message: impl Into<String>) -> Self {
        InputError::plain(what, message).into()
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Bad(_) => 2,
            Self::Ours(_) => 3,
        }
    }
}

/// Tells a failure on stderr and returns its exit code.
pub fn tell(failure: &Failure) -> u8 {
    let color = colored();
    let mut text = String::new();
    match failure {
        Failure::Bad(errors) => {
            for error in errors.iter().take(SHOWN) {
                text.push_str(&drawn(error, color));
            }
            if errors.len() > SHOWN {
                let _ = writeln!(text, "and {} more", errors.len() - SHOWN);
            }
        }
        Failure::Ours(what) => {
            text.push_str("gigawatt: this is our fault, not yours\n");
            for line in wrap(what, WIDTH - 2) {
                let _ = writeln!(text, "  {line}");
            }
            text.push_str(
                "  nothing was written; please report it with the command line and the scenario that led here\n",
            );
        }
    }
    say(&text);
    failure.code()
}

/// Writes to stderr; a stderr that is gone is no reason to stop.
pub fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

fn colored() -> bool {
    let stderr = std::io::stderr();
    stderr.is_terminal() && anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never
}

/// An error as text: with the line it is about, where there is one.
pub fn drawn(error: &InputError, color: bool) -> String {
    if let (Some(text), Some(span)) = (&error.text, &error.span) {
        let shown = Shown::of(error, text, span);
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
        if handler.render_report(&mut out, &shown).is_ok() {
            return out;
        }
    }
    let mut out = String::new();
    let line = error.line().map_or_else(String::new, |line| format!(":{line}"));
    let head = format!("error: {}{line}: {}", error.file, error.message);
    for (index, line) in wrap(&head, WIDTH).iter().enumerate() {
        let _ = writeln!(out, "{}{line}", if index == 0 { "" } else { "  " });
    }
    if let Some(help) = &error.help {
        for (index, line) in wrap(help, WIDTH - 8).iter().enumerate() {
            let _ = writeln!(out, "{}{line}", if index == 0 { "  help: " } else { "        " });
        }
    }
    out
}

/// An input error as the renderer takes it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Shown {
    message: String,
    help: Option<String>,
    file: NamedSource<String>,
    span: std::ops::Range<usize>,
}

impl Shown {
    fn of(error: &InputError, text: &str, span: &std::ops::Range<usize>) -> Self {
        let text = harmless(text);
        let start = span.start.min(text.len());
        let span = start..span.end.clamp(start, text.len());
        Self {
            message: printable(&error.message),
            help: error.help.as_deref().map(printable),
            file: NamedSource::new(printable(&error.file), text),
            span,
        }
    }
}

/// The same text, as long in bytes, without control characters that would steer a terminal.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t' | '\r') {
            out.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            out.push(character);
        }
    }
    out
}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.file)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(Some("here".into()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_file_and_line() {
        let error = InputError {
            file: "my.toml".into(),
            text: Some("[envelope]\npowr = \"1 GW\"\n".into()),
            span: Some(11..15),
            message: "unknown field `powr`".into(),
            help: Some("did you mean `power`?".into()),
        };
        let text = drawn(&error, false);
        for part in ["my.toml:2", "unknown field `powr`", "did you mean `power`", "powr = \"1 GW\""] {
            assert!(text.contains(part), "no {part} in:\n{text}");
        }
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_span_beyond_the_text_is_no_panic() {
        let error = InputError {
            file: "x".into(),
            text: Some("a\u{1b}b".into()),
            span: Some(100..200),
            message: "m".into(),
            help: None,
        };
        assert!(!drawn(&error, false).contains('\u{1b}'));
        assert!(drawn(&InputError::plain("--output", "m").with_help("h"), false).contains("help: h"));
    }
}
