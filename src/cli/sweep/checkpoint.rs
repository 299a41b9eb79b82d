//! How far a sweep has come, in a file: written now and then as a whole, read when the same command runs again.

use super::shard::read_json;
use crate::cli::diagnostic::{Failure, say};
use crate::cli::output::replace;
use crate::cli::progress::{self, Progress};
use crate::engine;
use crate::report::sweep::shard::VERSION;
use crate::search::shard::{Saved, Shard, Watch, digest};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SCHEMA: &str = "gigawatt.checkpoint/1";

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: String,
    version: String,
    /// Of the scenario and the options that change the result.
    digest: String,
    index: u32,
    of: u32,
    /// Sweep by sweep; nothing for those that have not begun.
    sweeps: Vec<Option<Saved>>,
    /// SHA-256 of all of the above.
    checksum: String,
}

impl Content {
    fn sum(&self) -> String {
        let Self { schema, version, digest: id, index, of, sweeps, checksum: _ } = self;
        digest(serde_json::json!([schema, version, id, index, of, sweeps]).to_string().as_bytes())
    }
}

/// A checkpoint, or none, and what else has to be known between the chunks of a sweep.
#[derive(Debug)]
pub(super) struct Checkpoint {
    file: Option<(PathBuf, Content)>,
    every: Duration,
    last: Instant,
    /// Whether it was told that the file can no longer be written.
    told: bool,
}

impl Checkpoint {
    /// No file.
    pub(super) fn none() -> Self {
        Self { file: None, every: Duration::MAX, last: Instant::now(), told: false }
    }

    /// Takes up the checkpoint in a file, or begins one.
    pub(super) fn open(path: &Path, every: Duration, digest: &str, shard: Shard) -> Result<Self, Failure> {
        let content = Content {
            schema: SCHEMA.into(),
            version: VERSION.into(),
            digest: digest.into(),
            index: shard.index,
            of: shard.of,
            sweeps: Vec::new(),
            checksum: String::new(),
        };
        let content = if path.exists() { earlier(path, &content)? } else { content };
        let mut checkpoint =
            Self { file: Some((path.to_owned(), content)), every, last: Instant::now(), told: false };
        // A place that cannot be written shows before the work, not after it.
        checkpoint.write()?;
        Ok(checkpoint)
    }

    /// The file, where there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// Watches the sweep of this number, counted from 0 in the order of the scenario.
    pub(super) fn watch<'a>(&'a mut self, number: usize, what: &'a str, quiet: bool) -> Sweep<'a> {
        Sweep { checkpoint: self, number, what, quiet, bar: None, shown: 0 }
    }

    fn write(&mut self) -> Result<(), Failure> {
        self.last = Instant::now();
        let Some((path, content)) = &mut self.file else { return Ok(()) };
        content.checksum = content.sum();
        let bytes = serde_json::to_vec(content).unwrap_or_default();
        replace(path, &bytes).map_err(|error| {
            Failure::bad(format!("--checkpoint {}", path.display()), format!("can't be written: {error}"))
        })
    }
}

fn earlier(path: &Path, own: &Content) -> Result<Content, Failure> {
    let value = read_json(path, SCHEMA, "a checkpoint of `gigawatt sweep`: name another file")?;
    let bad = |message: &str| {
        let fault = crate::catalog::InputError::plain(path.display().to_string(), message);
        Failure::from(fault.with_help("remove it to begin anew, or name another file"))
    };
    let found: Content =
        serde_json::from_value(value).map_err(|error| bad(&format!("is no complete checkpoint: {error}")))?;
    if found.checksum != found.sum() {
        return Err(bad("is damaged: its content is not what its checksum says"));
    }
    if found.version != own.version {
        return Err(bad(&format!("was written by version {}; this is {}", found.version, own.version)));
    }
    if (found.index, found.of) != (own.index, own.of) {
        return Err(bad(&format!("is of shard {}/{}", found.index, found.of)));
    }
    if found.digest != own.digest {
        return Err(bad("is of another scenario, or of other options"));
    }
    Ok(found)
}

/// One sweep as it is watched: the bar, the wish to stop, the checkpoint.
pub(super) struct Sweep<'a> {
    checkpoint: &'a mut Checkpoint,
    number: usize,
    what: &'a str,
    quiet: bool,
    bar: Option<Progress>,
    shown: u64,
}

impl Watch for Sweep<'_> {
    fn hear(&mut self, progress: engine::Progress) -> ControlFlow<()> {
        let bar = self.bar.get_or_insert_with(|| Progress::of(self.what, progress.total, self.quiet));
        bar.advance(progress.done.saturating_sub(self.shown));
        self.shown = progress.done;
        progress::flow()
    }

    fn earlier(&mut self) -> Option<Saved> {
        let (_, content) = self.checkpoint.file.as_mut()?;
        content.sweeps.get_mut(self.number)?.clone()
    }

    fn is_due(&mut self, ends: bool) -> bool {
        let checkpoint = &*self.checkpoint;
        checkpoint.file.is_some() && (ends || checkpoint.last.elapsed() >= checkpoint.every)
    }

    fn save(&mut self, saved: Saved) -> ControlFlow<()> {
        if let Some((_, content)) = &mut self.checkpoint.file {
            content.sweeps.resize(content.sweeps.len().max(self.number + 1), None);
            content.sweeps[self.number] = Some(saved);
        }
        // A disk that is full now may not be later, and the result goes elsewhere: what is computed goes on.
        if self.checkpoint.write().is_err() && !self.checkpoint.told {
            self.checkpoint.told = true;
            if let Some(path) = self.checkpoint.path() {
                say(&format!("warning: {} can't be written now; the sweep goes on\n", path.display()));
            }
        }
        ControlFlow::Continue(())
    }
}
