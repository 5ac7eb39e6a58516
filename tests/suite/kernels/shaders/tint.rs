//! Dawn's WGSL compiler, where it is at hand as a command.

use std::process::{Command, Stdio};
use std::{fs, io};

/// The command `tint`.
pub(crate) struct Tint;

impl Tint {
    pub(crate) fn find() -> Option<Self> {
        let mut command = Command::new("tint");
        command.arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().ok().map(|_| Self)
    }

    /// Compiles a shader; what tint says, where it refuses.
    pub(crate) fn refuses(&self, text: &str) -> io::Result<Option<String>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("shader.wgsl");
        // naga knows them without being told, and refuses to be.
        let enable = if text.contains("subgroup") { "enable subgroups;\n" } else { "" };
        fs::write(&path, format!("{enable}{text}"))?;
        let output = Command::new("tint").args(["--format", "wgsl"]).arg(&path).output()?;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((!output.status.success()).then(said))
    }
}
