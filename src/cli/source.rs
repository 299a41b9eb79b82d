//! A scenario file as text: from disk, or from stdin by the name `-`.

use super::diagnostic::Failure;
use crate::catalog::document::nearest;
use crate::catalog::{InputError, LARGEST_FILE_BYTES, read_text, text_of};
use std::io::Read;
use std::path::Path;

/// Name and text of a scenario.
#[derive(Debug)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// Reads the scenario file that a command names, if it names one.
pub fn read(path: Option<&Path>) -> Result<Option<Source>, Failure> {
    path.map(|path| if path == Path::new("-") { stdin() } else { file(path) }).transpose()
}

fn stdin() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::bad("stdin", format!("can't be read: {error}")))?;
    Ok(Source { name: "stdin".into(), text: text_of("stdin", bytes)? })
}

fn file(path: &Path) -> Result<Source, Failure> {
    let name = path.display().to_string();
    if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(InputError::plain(name, "there is no such file").with_help(advice(path)).into());
    }
    Ok(Source { text: read_text(path)?, name })
}

/// What may have been meant by a file that is not there.
fn advice(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let examples: Vec<String> = super::scenario::examples().map(|(name, _)| name.to_owned()).collect();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|suffix| suffix == "toml"))
        .collect();
    let whole = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(near) = nearest(&whole, &beside) {
        return format!("did you mean `{}`?", folder.join(near).display());
    }
    if let Some(near) = nearest(&stem, &examples) {
        return format!("there is a built-in scenario `{near}`: `gigawatt scenario show {near}` prints it");
    }
    "`gigawatt scenario new` prints a commented scenario to start from".into()
}
