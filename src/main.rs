//! The `gigawatt` command: parse, run, exit code.

/// Plans and sweeps make and drop many small vectors on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gigawatt::cli::main()
}
