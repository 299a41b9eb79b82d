//! What is known: profiles of accelerators, systems, models, network parts, plants, climates and prices.
//!
//! The built-in profiles are embedded files; a user folder of the same shape lies over them, a path names one
//! file, and `catalog.…` settings of a scenario lie on top. A profile is parsed when it is asked for, so a plan
//! pays only for what it uses. Every number keeps its source.

pub mod check;
pub mod document;
pub mod epw;
pub mod measured;
pub mod profile;

pub use document::{Document, InputError};

use check::Profile;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/catalog");

/// The largest profile or scenario that is read; a page of text has a few thousand bytes.
pub const LARGEST_FILE_BYTES: u64 = 1 << 20;

/// The folders of the catalogue and what is in them, in the order of the building.
pub const FOLDERS: &[(&str, &str)] = &[
    ("systems", "system"),
    ("accelerators", "accelerator"),
    ("models", "model"),
    ("climates", "site"),
    ("prices", "market prices"),
    ("networks/switches", "switch"),
    ("networks/links", "link"),
    ("networks/adapters", "adapter"),
    ("cooling", "cooling design"),
    ("electrical", "electrical design"),
    ("ratings", "list of ratings"),
    ("costs", "set of costs"),
    ("hosted", "hosted price"),
];

/// One profile as found: its values, its text and where it lies.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The values.
    pub profile: T,
    /// The file they stand in, with spans; overrides already applied to `table`.
    pub document: Document,
    /// Whether it came with the program.
    pub built_in: bool,
}

impl<T> Found<T> {
    /// What the origin of a value is called: `catalog:systems/gb300-nvl72.toml`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("catalog:{}", self.document.file)
    }
}

impl Found<profile::System> {
    /// Where its accelerator is found: beside the system's own file if it is named by a path.
    #[must_use]
    pub fn accelerator_reference(&self) -> String {
        let named = &self.profile.accelerator;
        if self.built_in || !is_path(named) {
            return named.clone();
        }
        let folder = Path::new(&self.document.file).parent().unwrap_or(Path::new(""));
        folder.join(named).display().to_string()
    }
}

/// One line of `catalog list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Folder of the catalogue.
    pub folder: &'static str,
    /// Id of the thing.
    pub id: String,
    /// Where its file lies.
    pub file: String,
    /// Whether it came with the program.
    pub built_in: bool,
}

/// Built-in profiles, user folders over them, settings on top.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    user: BTreeMap<(&'static str, String), PathBuf>,
    overrides: BTreeMap<(String, String), toml::Table>,
}

impl Catalog {
    /// The built-in catalogue with user folders over it, the last one topmost.
    pub fn load(user_folders: &[PathBuf]) -> Result<Self, InputError> {
        let mut user = BTreeMap::new();
        for root in user_folders {
            let shown = root.display().to_string();
            if !root.is_dir() {
                return Err(InputError::plain(shown, "the catalogue folder does not exist").with_help(
                    "it holds the same subfolders as the built-in one, such as `systems` and `models`",
                ));
            }
            for (folder, _) in FOLDERS {
                let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
                for path in entries.flatten().map(|entry| entry.path()) {
                    if path.extension().is_some_and(|suffix| suffix == "toml")
                        && let Some(stem) = path.file_stem()
                    {
                        user.insert((*folder, stem.to_string_lossy().into_owned()), path);
                    }
                }
            }
        }
        Ok(Self { user, ..Self::default() })
    }

    /// The same catalogue with one value of one profile replaced: `systems.gb300-nvl72.rack.heat`.
    ///
    /// A plain value replaces the `value` of a figure and marks it as the user's.
    pub fn set(&mut self, path: &str, value: toml::Value) -> Result<(), Fault> {
        let fault = |message: String| Fault { path: format!("catalog.{path}"), message };
        let (folder, rest) = FOLDERS
            .iter()
            .find_map(|(folder, _)| {
                let dotted = folder.replace('/', ".");
                path.strip_prefix(&format!("{dotted}.")).map(|rest| (*folder, rest))
            })
            .ok_or_else(|| {
                let names: Vec<_> = FOLDERS.iter().map(|(folder, _)| folder.replace('/', ".")).collect();
                fault(format!("names no part of the catalogue; parts: {}", names.join(", ")))
            })?;
        let ids = self.ids(folder);
        // Ids have dots in them (`llama-3.1-405b`): the longest id that fits is meant.
        let id = ids
            .iter()
            .filter(|id| rest.strip_prefix(id.as_str()).is_some_and(|tail| tail.starts_with('.')))
            .max_by_key(|id| id.len())
            .ok_or_else(|| fault(format!("`{rest}` names no profile and field of `{folder}`")))?;
        let field = &rest[id.len() + 1..];
        let table = self.overrides.entry((folder.to_owned(), id.clone())).or_default();
        insert_path(table, field, value);
        Ok(())
    }

    /// All ids of a folder, sorted.
    #[must_use]
    pub fn ids(&self, folder: &str) -> Vec<String> {
        let mut ids: Vec<String> = BUILT_IN
            .get_dir(folder)
            .into_iter()
            .flat_map(Dir::files)
            .filter(|file| file.path().extension().is_some_and(|suffix| suffix == "toml"))
            .filter_map(|file| Some(file.path().file_stem()?.to_string_lossy().into_owned()))
            .chain(self.user.keys().filter(|(of, _)| *of == folder).map(|(_, id)| id.clone()))
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Everything there is.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let mut all = Vec::new();
        for (folder, _) in FOLDERS {
            for id in self.ids(folder) {
                let user = self.user.get(&(*folder, id.clone()));
                let file =
                    user.map_or_else(|| format!("{folder}/{id}.toml"), |path| path.display().to_string());
                all.push(Listed { folder, id, file, built_in: user.is_none() });
            }
        }
        all
    }

    /// Finds, reads and checks a profile by id or by path.
    pub fn get<T: Profile>(&self, id_or_path: &str) -> Result<Found<T>, InputError> {
        let (mut document, built_in) = self.document(T::FOLDER, T::WORD, id_or_path)?;
        let stem = stem_of(id_or_path);
        let changes = self.overrides.get(&(T::FOLDER.to_owned(), stem.clone()));
        if let Some(changes) = changes {
            overlay(&mut document.table, changes);
        }
        // The file is sound where a fault is in what was laid over it.
        let laid_over = |path: &str, message: &str| {
            let said = changes.and_then(|changes| said(changes, path))?;
            let path = format!("catalog.{}.{stem}.{said}", T::FOLDER.replace('/', "."));
            Some(InputError::plain("catalog", format!("`{path}`: {message}")))
        };
        let profile: T = document::read_table(&document.table).map_err(|fault| {
            if let Some(mut error) = laid_over(&fault.path, &fault.message) {
                error.help = fault.help;
                return error;
            }
            document.at_fault(fault)
        })?;
        if profile.id() != stem {
            let message = format!("the id `{}` differs from the file's name `{stem}`", profile.id());
            return Err(document.error("id", message));
        }
        if let Some((path, message)) = check::faults(&profile, &document.table).into_iter().next() {
            return Err(laid_over(&path, &message).unwrap_or_else(|| document.error(&path, message)));
        }
        Ok(Found { profile, document, built_in })
    }

    /// The file that a profile is read from.
    #[must_use]
    pub fn file_of(&self, folder: &str, id_or_path: &str) -> String {
        if is_path(id_or_path) {
            return id_or_path.to_owned();
        }
        let user = self.user.iter().find(|((of, id), _)| *of == folder && id == id_or_path);
        user.map_or_else(|| format!("{folder}/{id_or_path}.toml"), |(_, path)| path.display().to_string())
    }

    /// The text of a profile by folder and id or path.
    pub fn document(
        &self,
        folder: &str,
        word: &str,
        id_or_path: &str,
    ) -> Result<(Document, bool), InputError> {
        if is_path(id_or_path) {
            let text = read_text(Path::new(id_or_path))?;
            return Ok((Document::parse(id_or_path, &text)?, false));
        }
        if let Some((_, path)) = self.user.iter().find(|((of, id), _)| *of == folder && id == id_or_path) {
            return Ok((Document::parse(&path.display().to_string(), &read_text(path)?)?, false));
        }
        let file = format!("{folder}/{id_or_path}.toml");
        match BUILT_IN.get_file(&file).and_then(include_dir::File::contents_utf8) {
            Some(text) => Ok((Document::parse(&file, text)?, true)),
            None => Err(InputError::plain("catalog", format!("there is no {word} `{id_or_path}`"))
                .with_help(document::suggest(id_or_path, &self.ids(folder)))),
        }
    }

    /// Checks every profile, or one by id or path, and returns what is wrong.
    #[must_use]
    pub fn check(&self, only: Option<&str>) -> (usize, Vec<InputError>) {
        let mut checked = 0;
        let mut faults = Vec::new();
        for listed in self.list() {
            if only.is_some_and(|id| id != listed.id) {
                continue;
            }
            checked += 1;
            if let Err(fault) = self.check_one(listed.folder, &listed.id) {
                faults.push(fault);
            }
        }
        if let Some(path) = only.filter(|id| is_path(id)) {
            checked += 1;
            match read_text(Path::new(path)).and_then(|text| Document::parse(path, &text)) {
                Ok(document) => {
                    let folder = check::folder_of(&document, Path::new(path));
                    if let Err(fault) = folder.and_then(|folder| self.check_one(folder, path)) {
                        faults.push(fault);
                    }
                }
                Err(fault) => faults.push(fault),
            }
        } else if checked == 0 {
            let ids: Vec<String> = self.list().into_iter().map(|listed| listed.id).collect();
            let wrong = only.unwrap_or_default();
            faults.push(
                InputError::plain("catalog", format!("there is nothing called `{wrong}`"))
                    .with_help(document::suggest(wrong, &ids)),
            );
        }
        (checked, faults)
    }

    fn check_one(&self, folder: &str, id: &str) -> Result<(), InputError> {
        use profile as p;
        match folder {
            "systems" => {
                let found = self.get::<p::System>(id)?;
                let system = &found.profile;
                let missing = |path: &str, error: InputError| {
                    found.document.error(path, error.message).with_help(error.help.unwrap_or_default())
                };
                self.get::<p::Accelerator>(&found.accelerator_reference())
                    .map_err(|e| missing("accelerator", e))?;
                let out = &system.scale_out;
                self.get::<p::Switch>(&out.switch).map_err(|e| missing("scale_out.switch", e))?;
                self.get::<p::Link>(&out.host_link).map_err(|e| missing("scale_out.host_link", e))?;
                self.get::<p::Link>(&out.switch_link).map_err(|e| missing("scale_out.switch_link", e))?;
                Ok(())
            }
            "accelerators" => self.get::<p::Accelerator>(id).map(drop),
            "models" => self.get::<p::Model>(id).map(drop),
            "climates" => self.get::<p::Climate>(id).map(drop),
            "prices" => self.get::<p::MarketPrices>(id).map(drop),
            "networks/switches" => self.get::<p::Switch>(id).map(drop),
            "networks/links" => self.get::<p::Link>(id).map(drop),
            "networks/adapters" => self.get::<p::Adapter>(id).map(drop),
            "cooling" => self.get::<p::CoolingDesign>(id).map(drop),
            "electrical" => self.get::<p::ElectricalDesign>(id).map(drop),
            "ratings" => self.get::<p::Ratings>(id).map(drop),
            "costs" => self.get::<p::Costs>(id).map(drop),
            _ => self.get::<p::HostedPrice>(id).map(drop),
        }
    }
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {message}")]
pub struct Fault {
    /// The setting.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// Whether a name is meant as a path rather than an id.
#[must_use]
pub fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || Path::new(name).extension().is_some_and(|suffix| suffix == "toml")
}

fn stem_of(id_or_path: &str) -> String {
    if is_path(id_or_path) {
        Path::new(id_or_path).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    } else {
        id_or_path.to_owned()
    }
}

/// Reads a text file that a user named: not too large, not binary.
pub fn read_text(path: &Path) -> Result<String, InputError> {
    let shown = path.display().to_string();
    let metadata = std::fs::metadata(path)
        .map_err(|error| InputError::plain(&shown, format!("can't be read: {error}")))?;
    if metadata.is_dir() {
        return Err(InputError::plain(&shown, "is a folder, not a file"));
    }
    if metadata.len() > LARGEST_FILE_BYTES {
        let size = crate::units::Bytes(metadata.len() as f64);
        return Err(InputError::plain(&shown, format!("has {size}; at most 1 MiB is read"))
            .with_help("a scenario or profile is a page of text: is this the right file?"));
    }
    // The size of a pipe or a device is not known beforehand, so what is read is bounded as well.
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| {
            std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST_FILE_BYTES + 1), &mut bytes)
        })
        .map_err(|error| InputError::plain(&shown, format!("can't be read: {error}")))?;
    text_of(&shown, bytes)
}

/// Text of bytes that a user gave.
pub fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, InputError> {
    if bytes.len() as u64 > LARGEST_FILE_BYTES {
        return Err(InputError::plain(name, "has more than 1 MiB")
            .with_help("a scenario or profile is a page of text: is this the right file?"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        InputError::plain(name, format!("is not text: byte {byte} is not UTF-8"))
            .with_help("a scenario or profile is a TOML text file")
    })?;
    if text.contains('\0') {
        return Err(InputError::plain(name, "is not text: it has NUL bytes"));
    }
    if text.trim().is_empty() {
        return Err(InputError::plain(name, "is empty")
            .with_help("`gigawatt scenario new` prints a commented scenario to start from"));
    }
    Ok(text)
}

/// Puts a value at a dotted path, making tables on the way.
pub(crate) fn insert_path(table: &mut toml::Table, path: &str, value: toml::Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, tail)) => {
            let entry =
                table.entry(head.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if !entry.is_table() {
                *entry = toml::Value::Table(toml::Table::new());
            }
            if let toml::Value::Table(inner) = entry {
                insert_path(inner, tail, value);
            }
        }
    }
}

/// The part of a dotted path that a table says something about.
fn said<'a>(table: &toml::Table, path: &'a str) -> Option<&'a str> {
    let head = path.split('.').next()?;
    match table.get(head)? {
        toml::Value::Table(inner) if path.len() > head.len() => {
            said(inner, &path[head.len() + 1..]).map(|below| &path[..=head.len() + below.len()])
        }
        _ => Some(head),
    }
}

/// Lays changes over a profile. A plain value over a figure replaces its `value` and marks it as the user's.
fn overlay(table: &mut toml::Table, changes: &toml::Table) {
    for (key, change) in changes {
        match (table.get_mut(key), change) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => overlay(under, over),
            (Some(toml::Value::Table(figure)), value) if figure.contains_key("source") => {
                figure.insert("value".into(), value.clone());
                figure.remove("low");
                figure.remove("high");
                figure.insert("confidence".into(), "user".into());
                figure.insert("note".into(), "set by the user over the catalogue's value".into());
            }
            _ => {
                table.insert(key.clone(), change.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_is_sound() {
        let (checked, faults) = Catalog::default().check(None);
        let shown: Vec<_> = faults
            .iter()
            .map(|fault| format!("{}:{}: {fault}", fault.file, fault.line().unwrap_or(0)))
            .collect();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), shown.join("\n"));
        assert!(checked > 0);
    }

    #[test]
    fn a_wrong_setting_is_blamed_and_not_the_file_below_it() {
        let mut catalog = Catalog::default();
        catalog.set("systems.gb300-nvl72.rack.heat", "-140 kW".into()).unwrap();
        let error = catalog.get::<profile::System>("gb300-nvl72").unwrap_err();
        assert!(error.message.contains("catalog.systems.gb300-nvl72.rack.heat"), "{error}");
        assert_eq!(error.span, None);
    }

    // A flat torus of 16 chips has no cubes, and a switched domain is no torus.
    #[test]
    fn optical_switches_join_cubes_of_a_torus_only() {
        for (system, taken) in [("trn1", false), ("gb300-nvl72", false), ("trn2-ultraserver", true)] {
            let mut catalog = Catalog::default();
            catalog.set(&format!("systems.{system}.scale_up.optical_cubes"), true.into()).unwrap();
            let found = catalog.get::<profile::System>(system);
            let refused = found.err().map(|error| error.message).unwrap_or_default();
            assert_eq!(refused.is_empty(), taken, "{system}: {refused}");
            assert!(taken || refused.contains("cubes of 4 × 4 × 4"), "{system}: {refused}");
        }
    }

    // A switched domain has no last dimension, nor has a torus whose shape nobody knows.
    #[test]
    fn a_slower_dimension_belongs_to_a_torus_of_known_shape() {
        for (system, taken) in [("trn2-ultraserver", true), ("tpu-v7", false), ("gb300-nvl72", false)] {
            let mut catalog = Catalog::default();
            let datum = toml::toml! { value = "100 GB/s" source = "own" confidence = "assumption" };
            let path = format!("systems.{system}.scale_up.last_dimension_bandwidth_per_direction");
            catalog.set(&path, toml::Value::Table(datum)).unwrap();
            let found = catalog.get::<profile::System>(system);
            let refused = found.err().map(|error| error.message).unwrap_or_default();
            assert_eq!(refused.is_empty(), taken, "{system}: {refused}");
        }
    }

    #[test]
    fn near_names_are_suggested() {
        let error = Catalog::default().get::<profile::Model>("deepseek-r2").unwrap_err();
        assert!(error.message.contains("there is no model"));
    }
}
