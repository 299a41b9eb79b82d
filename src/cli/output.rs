//! Where a result goes: stdout in one piece, or a file that is either the old one or the whole new one.

use super::arguments::Common;
use super::diagnostic::{Failure, say};
use crate::catalog::InputError;
use crate::report::{self, Format, Look, Report, SUFFIXES};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where a result goes and in which format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The file, or stdout.
    pub path: Option<PathBuf>,
    /// The format.
    pub format: Format,
}

/// Reads `--output` and `--format`, before any work is done; `own` is a suffix that the command has besides all others.
pub fn destination(common: &Common, own: Option<(&str, Format)>) -> Result<Destination, Failure> {
    let asked = common.format.map(Format::from);
    let Some(path) = common.output.as_deref().filter(|path| *path != Path::new("-")) else {
        return Ok(Destination { path: None, format: asked.unwrap_or(Format::Terminal) });
    };
    let suffix = path.extension().map(|suffix| suffix.to_string_lossy().into_owned());
    let format_of = |suffix: &str| {
        let own = own.filter(|(name, _)| suffix.eq_ignore_ascii_case(name)).map(|(_, format)| format);
        own.or_else(|| Format::of_suffix(suffix))
    };
    let format = match suffix.as_deref().map(format_of) {
        Some(Some(format)) => format,
        // A device or a pipe has no suffix; then the option alone decides.
        None if asked.is_some() => asked.unwrap_or(Format::Terminal),
        _ => {
            let mut allowed: Vec<String> = SUFFIXES.iter().map(|(name, _)| format!(".{name}")).collect();
            allowed.extend(own.map(|(name, _)| format!(".{name}")));
            let what = suffix.map_or_else(|| "no suffix".into(), |suffix| format!("the suffix `.{suffix}`"));
            return Err(InputError::plain(format!("--output {}", path.display()), format!("has {what}"))
                .with_help(format!("the suffix sets the format; allowed: {}", allowed.join(", ")))
                .into());
        }
    };
    if let Some(asked) = asked.filter(|asked| *asked != format) {
        let message = format!("the suffix asks for {format:?}, --format for {asked:?}").to_lowercase();
        return Err(Failure::bad(format!("--output {}", path.display()), message));
    }
    if path.is_dir() {
        return Err(Failure::bad(format!("--output {}", path.display()), "is a folder"));
    }
    // Before hours of work rather than after them.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        let message = format!("can't be written: {NO_FOLDER}");
        return Err(Failure::bad(format!("--output {}", path.display()), message));
    }
    Ok(Destination { path: Some(path.to_owned()), format })
}

/// Draws a result for its destination: width and colour of the terminal, or neither.
pub fn drawn(result: &dyn Report, to: &Destination) -> Result<Vec<u8>, Failure> {
    let option = || to.path.as_ref().map_or_else(String::new, |path| format!("--output {}", path.display()));
    match to.format {
        Format::Svg => {
            let nothing = "there is nothing to draw: no row has a number to show";
            return result.svg().map(String::into_bytes).ok_or_else(|| Failure::bad(option(), nothing));
        }
        Format::Parquet => {
            let records = result.records().ok_or_else(|| Failure::bad(option(), "the result is no table"))?;
            return report::parquet::bytes(&records).map_err(|error| Failure::Ours(error.to_string()));
        }
        _ => {}
    }
    let stdout = std::io::stdout();
    let mut look = Look::default();
    if to.path.is_none() && to.format == Format::Terminal && stdout.is_terminal() {
        look.color = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        if let Some(width) = comfy_table::Table::new().width() {
            look.width = usize::from(width);
        }
    }
    Ok(report::render(result, to.format, look).into_bytes())
}

/// Writes a result. A reader that has gone away is no fault.
pub fn write(to: &Destination, bytes: &[u8], quiet: bool) -> Result<(), Failure> {
    let Some(path) = &to.path else {
        let mut stdout = std::io::stdout().lock();
        return match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::bad("stdout", format!("can't be written: {error}")))
            }
            _ => Ok(()),
        };
    };
    replace(path, bytes).map_err(|error| {
        Failure::bad(format!("--output {}", path.display()), format!("can't be written: {error}"))
    })?;
    if !quiet && std::io::stderr().is_terminal() {
        say(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

/// Why a file can't stand where it is asked for.
const NO_FOLDER: &str = "the folder does not exist";

/// Writes a file that an option of a command asks for besides its result.
pub fn save(option: &str, path: &Path, bytes: &[u8], quiet: bool) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| {
        Failure::bad(format!("{option} {}", path.display()), format!("can't be written: {error}"))
    })?;
    if !quiet && std::io::stderr().is_terminal() {
        say(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

/// Puts bytes in the place of a file, all or nothing; devices and pipes are written to directly.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let old = std::fs::metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    if old.as_ref().is_some_and(|old| old.permissions().readonly()) {
        return Err(std::io::Error::new(ErrorKind::PermissionDenied, "the file is read-only"));
    }
    // A link keeps pointing where it points: the file behind it is replaced.
    let target = if old.is_some() { std::fs::canonicalize(path)? } else { path.to_owned() };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gigawatt-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What a new file gets, less the umask; or what the old one has.
        let mode = old.map_or(0o666, |old| old.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode & 0o777));
    }
    // The name of the temporary file would only confuse: the reason is what counts.
    let reason = |error: std::io::Error| {
        error.get_ref().and_then(std::error::Error::source).map_or_else(
            || std::io::Error::from(error.kind()),
            |cause| std::io::Error::new(error.kind(), cause.to_string()),
        )
    };
    if !folder.is_dir() {
        return Err(std::io::Error::new(ErrorKind::NotFound, NO_FOLDER));
    }
    let mut file = builder.tempfile_in(folder).map_err(reason)?;
    file.write_all(bytes).map_err(reason)?;
    file.flush().map_err(reason)?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::arguments::FormatName;
    use super::*;
    use crate::report::DRAWN_SUFFIX;

    fn common(output: &str, format: Option<FormatName>) -> Common {
        Common { output: Some(output.into()), format, ..Common::default() }
    }

    #[test]
    fn the_suffix_sets_the_format() {
        for (name, format) in SUFFIXES {
            let to = destination(&common(&format!("x.{name}"), None), None).unwrap();
            assert_eq!(to.format, *format);
        }
        assert_eq!(destination(&common("x.SVG", None), Some(DRAWN_SUFFIX)).unwrap().format, Format::Svg);
    }

    #[test]
    fn an_unknown_suffix_is_refused_with_the_allowed_ones() {
        for name in ["x.pdf", "x", "x.svg"] {
            let Err(Failure::Bad(errors)) = destination(&common(name, None), None) else {
                panic!("{name} passed")
            };
            assert!(errors[0].help.as_ref().unwrap().contains(".html"));
        }
        assert!(destination(&common("x.json", Some(FormatName::Csv)), None).is_err());
        assert!(destination(&common("x.json", Some(FormatName::Json)), None).is_ok());
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(&folder.path().join("none/x.txt"), b"x").is_err());
    }
}
