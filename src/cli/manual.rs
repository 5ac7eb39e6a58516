//! `halfplane completions` and `halfplane man`: what the definitions of the arguments say, for
//! shells and for `man`.

use std::fs;

use clap::Command;
use clap_mangen::Man;
use halfplane::low_level::files::write_beside;
use halfplane::{Error, Result};

use super::arguments::{CompletionArguments, ManArguments};
use crate::report;

/// Prints the script that completes the arguments in a shell.
pub(super) fn completions(arguments: &CompletionArguments, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    report::print(&String::from_utf8_lossy(&script))
}

/// Writes a page for the program and one for each of its commands.
pub(super) fn man(arguments: &ManArguments, command: Command) -> Result<()> {
    let folder = &arguments.folder;
    let failed = |source| Error::File { verb: "write", path: folder.clone(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let commands = command.get_subcommands().cloned().chain([command.clone()]);
    let mut count = 0;
    for command in commands {
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let page = Man::new(command.after_help(None::<&str>));
        let mut text = Vec::new();
        page.render(&mut text).map_err(failed)?;
        text.extend(verbatim(&examples).into_bytes());
        write_beside(&folder.join(page.get_filename()), &text)?;
        count += 1;
    }
    report::print(&format!("{count} pages written to {}\n", folder.display()))
}

/// The examples as a section of their own, line by line: `man` would fill them like prose.
fn verbatim(examples: &str) -> String {
    match examples.split_once('\n') {
        Some(("Examples:", lines)) => {
            let lines = lines.replace('\\', "\\e").replace('-', "\\-");
            format!(".SH EXAMPLES\n.nf\n{lines}\n.fi\n")
        }
        _ => String::new(),
    }
}
