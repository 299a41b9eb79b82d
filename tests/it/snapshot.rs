//! Reviewed outputs in `tests/snapshots`: a changed text fails until somebody has read and taken it.
//!
//! `GIGAWATT_UPDATE_SNAPSHOTS=1 cargo test` writes them anew; `git diff tests/snapshots` is the review.

use crate::planned::root;

/// Compares a text with its reviewed snapshot.
#[track_caller]
pub fn matches(name: &str, text: &str) {
    let path = root().join("tests/snapshots").join(name);
    if std::env::var_os("GIGAWATT_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(&path, text).expect("the snapshot can be written");
        return;
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        text == reviewed,
        "{name} differs from what was reviewed; GIGAWATT_UPDATE_SNAPSHOTS=1 writes it anew.\n\
         ── reviewed ──\n{reviewed}\n── now ──\n{text}"
    );
}
