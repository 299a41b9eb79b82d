//! `gigawatt completions` and `gigawatt man`.

use super::Outcome;
use super::diagnostic::Failure;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    ///
    /// Example: gigawatt completions bash > ~/.local/share/bash-completion/completions/gigawatt
    #[arg(value_enum, value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Print the manual page
///
/// Example: gigawatt man | man -l -
#[derive(Debug, clap::Args)]
pub struct Man {}

/// The completions of a command tree.
pub fn completions(arguments: &Completions, mut command: clap::Command) -> Outcome {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "gigawatt", &mut bytes);
    Outcome::Text(String::from_utf8_lossy(&bytes).into_owned())
}

/// The manual page of a command tree, each command's own page after it.
pub fn man(command: clap::Command) -> Result<Outcome, Failure> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut bytes = Vec::new();
    let mut page = |command: clap::Command| clap_mangen::Man::new(command).render(&mut bytes);
    page(command.clone())
        .and_then(|()| command.get_subcommands().try_for_each(|inner| page(inner.clone())))
        .map_err(|error| Failure::Ours(format!("the manual page can't be drawn: {error}")))?;
    Ok(Outcome::Text(String::from_utf8_lossy(&bytes).into_owned()))
}
