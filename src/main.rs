//! The `gigawatt` command: parse, run, exit code.

fn main() -> std::process::ExitCode {
    gigawatt::cli::main()
}
