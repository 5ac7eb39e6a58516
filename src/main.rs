//! The program: all of it is in the library, which has it as [`halfplane::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_mesa();
    ExitCode::from(halfplane::cli::main(std::env::args_os().collect()))
}

/// Keeps Mesa's Vulkan layer for choosing devices from printing an error where there is no desktop.
/// The layer only reorders adapters, and halfplane ranks them itself.
fn quiet_mesa() {
    let unset = |name: &str| std::env::var_os(name).is_none();
    if cfg!(target_os = "linux") && unset("XDG_RUNTIME_DIR") && unset("MESA_VK_DEVICE_SELECT") {
        // SAFETY: the process has no other thread yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
