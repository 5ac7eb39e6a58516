//! Errors and warnings as the command line words them: settings are flags. A page in a browser, which has
//! no words of its own for most settings, says the same.

#[cfg(feature = "tables")]
use crate::data::Warning;
use crate::{Call, Error, Remedy, Setting};

/// An error, with what to type against it.
pub fn error(error: &Error) -> String {
    sentence(error.problem(), error.remedy())
}

/// A warning, with what to type against it.
#[cfg(feature = "tables")]
pub fn warning(warning: &Warning) -> String {
    sentence(warning.problem(), warning.remedy())
}

/// Warnings, each with what to type against it.
#[cfg(feature = "tables")]
pub fn warnings(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(warning).collect()
}

fn sentence(problem: String, told: Option<Remedy>) -> String {
    told.map_or(problem.clone(), |told| format!("{problem}; {}", remedy(&told)))
}

fn remedy(told: &Remedy) -> String {
    match told {
        Remedy::Setting(setting) => flag(*setting).to_owned(),
        Remedy::Set(setting, value) => set(*setting, value),
        Remedy::Call(call) => command(*call).to_owned(),
        Remedy::Sentence(parts) => parts.iter().map(remedy).collect(),
        other => other.to_string(),
    }
}

/// The flag of a setting.
fn flag(setting: Setting) -> &'static str {
    match setting {
        Setting::Arrays => "--key",
        Setting::BatchSize => "--batch-size",
        Setting::Block => "--block",
        Setting::Categorical => "--categorical",
        Setting::Checkpoints => "--checkpoint",
        Setting::ClassWeight => "--class-weight",
        Setting::Comment => "--comment",
        Setting::DateOrder => "--date-order",
        Setting::Decimal => "--decimal",
        Setting::Delimiter => "--delimiter",
        Setting::Device => "--device",
        Setting::Drop => "--drop",
        Setting::Folds => "--folds",
        Setting::Format => "--format",
        Setting::Header => "--no-header",
        Setting::Hidden => "--hidden",
        Setting::Initial => "--init-from",
        Setting::Labels => "--labels",
        Setting::Na => "--na",
        Setting::Normalization => "--layer-norm",
        Setting::Numeric => "--numeric",
        Setting::Preprocess => "--preprocess",
        Setting::Pruning => "--pruning",
        Setting::Bins => "--bins",
        Setting::Resume => "--resume",
        Setting::SampleWeight => "--sample-weight",
        Setting::Sampler => "--sampler",
        Setting::Strategy => "--strategy",
        Setting::Target => "--target",
        Setting::Task => "--task",
        Setting::Validation => "--validation",
    }
}

/// A flag with its value, as it is typed in a shell.
fn set(setting: Setting, value: &str) -> String {
    let flag = flag(setting);
    match setting {
        // Switches.
        Setting::Header if value == "names" => "--header".to_owned(),
        Setting::Header | Setting::Normalization => flag.to_owned(),
        // It may be any word.
        Setting::Na => format!("{flag} {}", quoted(&listed(value))),
        Setting::Categorical | Setting::Drop | Setting::Numeric => {
            format!("{flag} {}", in_shell(&listed(value)))
        }
        _ => format!("{flag} {}", in_shell(value)),
    }
}

/// What to type for something else that halfplane does.
fn command(call: Call) -> &'static str {
    match call {
        Call::Adapters => "`halfplane devices`",
        Call::SaveModel => "`halfplane train --output`",
        Call::Profile => "--profile",
    }
}

/// A name in a list of names: one that holds a comma stands in double quotes.
pub fn listed(name: &str) -> String {
    match name.contains([',', '"']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

/// A word of a command, in quotes where a shell would not take it as it stands.
pub fn in_shell(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._-/,:%+=@".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { quoted(word) }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use crate::cli::arguments;

    #[test]
    fn every_setting_has_a_flag_that_the_parser_takes() {
        let definition = arguments::definition();
        let flags: Vec<String> = definition
            .get_subcommands()
            .flat_map(clap::Command::get_arguments)
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        for setting in Setting::ALL {
            assert!(flags.iter().any(|known| known == flag(*setting)), "{}", setting.name());
        }
        assert!(Call::ALL.iter().all(|call| command(*call) != call.name()));
    }

    #[test]
    fn values_are_typed_as_a_shell_takes_them() {
        assert_eq!(set(Setting::Drop, "when"), "--drop when");
        assert_eq!(set(Setting::Drop, "zip, code"), r#"--drop '"zip, code"'"#);
        assert_eq!(set(Setting::Na, "it's"), r"--na 'it'\''s'");
        assert_eq!(set(Setting::Decimal, ","), "--decimal ,");
        assert_eq!(set(Setting::Normalization, "layer-norm"), "--layer-norm");
    }
}
