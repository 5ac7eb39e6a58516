//! The names of the columns to predict, as they are typed or listed.

use std::collections::HashSet;

use crate::data::tables::table::Header;
use crate::data::tables::weights::parse_list;
use crate::{Error, Result, Setting};

/// The columns to predict: one, or several that hold numbers, or several of two values each.
///
/// A text is the name of a column or, where no column has it, a list of names separated by commas, in
/// which a name that holds a comma stands in quotes.
///
/// ```
/// use halfplane::data::{TableOptions, TargetNames};
///
/// let one = TableOptions { target: Some("y".into()), ..TableOptions::default() };
/// let two = TableOptions { target: Some("y,z".into()), ..TableOptions::default() };
/// let names = vec!["y".to_owned(), "width, in mm".to_owned()];
/// let listed = TableOptions { target: Some(names.into()), ..TableOptions::default() };
/// # assert!(one != two && two != listed);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetNames {
    /// What was typed, which may be the name of one column.
    typed: Option<String>,
    list: Vec<String>,
}

impl From<&str> for TargetNames {
    fn from(typed: &str) -> Self {
        typed.to_owned().into()
    }
}

impl From<String> for TargetNames {
    fn from(typed: String) -> Self {
        let list = match parse_list(&typed) {
            list if list.is_empty() => vec![typed.clone()],
            list => list,
        };
        Self { typed: Some(typed), list }
    }
}

impl From<Vec<String>> for TargetNames {
    fn from(list: Vec<String>) -> Self {
        Self { typed: None, list }
    }
}

impl TargetNames {
    /// Every name that may be meant.
    pub(super) fn possible(&self) -> impl Iterator<Item = &str> {
        self.typed.iter().chain(&self.list).map(String::as_str)
    }

    /// The names, where no table is needed to tell them.
    pub(super) fn certain(&self) -> &[String] {
        match (&self.typed, &self.list[..]) {
            (Some(typed), [only]) if typed != only => &[],
            (Some(_), [_, _, ..]) => &[],
            (_, list) => list,
        }
    }

    /// The names of the columns that are meant in a table with this header.
    ///
    /// # Errors
    /// [`Error::Data`] names a column that the table lacks, [`Error::Invalid`] one that is named twice.
    pub(super) fn of(&self, header: &Header) -> Result<Vec<String>> {
        let names = match &self.typed {
            Some(typed) if header.names.contains(typed) => vec![typed.clone()],
            _ => self.list.clone(),
        };
        if names.is_empty() {
            return Err(Error::invalid(
                "the list of targets is empty",
                ("give ", Setting::Target, " a column, or leave it out"),
            ));
        }
        let mut seen = HashSet::new();
        for name in &names {
            header.column(name)?;
            if !seen.insert(name) {
                return Err(Error::invalid(
                    format!("the target `{name}` is named twice"),
                    ("name it once in ", Setting::Target),
                ));
            }
        }
        Ok(names)
    }

    /// The name for the only column of a file of labels, which is called `own` there; `None` where
    /// several columns are asked for.
    pub(super) fn of_only(&self, own: &str) -> Option<String> {
        match (&self.typed, &self.list[..]) {
            (Some(typed), _) if typed == own => Some(typed.clone()),
            (_, [only]) => Some(only.clone()),
            _ => None,
        }
    }

    /// The place of a column among those that are meant.
    pub(super) fn place(&self, name: &str) -> usize {
        self.list.iter().position(|own| own == name).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn of(
        target: impl Into<TargetNames>,
        columns: &[&str],
    ) -> std::result::Result<Vec<String>, String> {
        let columns = columns.iter().map(ToString::to_string).collect();
        let header = Header::given(Path::new("t.csv"), columns);
        target.into().of(&header).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_text_that_is_a_column_wins_over_a_list() {
        let all = ["a", "b", "a,b", "b, c"];
        assert_eq!(of("a", &all), Ok(vec!["a".to_owned()]));
        assert_eq!(of("a,b", &all), Ok(vec!["a,b".to_owned()]));
        assert_eq!(of("b,a", &all), Ok(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(of("a, b", &all), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(of(r#"a,"b, c""#, &all), Ok(vec!["a".to_owned(), "b, c".to_owned()]));
        assert_eq!(of(r#""a,b""#, &all), Ok(vec!["a,b".to_owned()]));
        let listed = vec!["a".to_owned(), "a,b".to_owned()];
        assert_eq!(of(listed.clone(), &all), Ok(listed));
    }

    #[test]
    fn names_that_are_lacking_or_twice_are_refused() {
        let refused = |text: &str| of(text, &["alpha", "beta"]).expect_err("it is refused");
        assert!(refused("alpha,gamma").contains("no column `gamma`"));
        assert!(refused("alpha,betta").contains("did you mean `beta`?"));
        assert!(refused("alpha,alpha").contains("`alpha` is named twice"));
        assert!(refused("").contains("no column ``"));
        assert!(refused(",").contains("no column `,`"));
        assert!(of(Vec::new(), &["alpha"]).expect_err("empty").contains("empty"));
    }

    #[test]
    fn a_list_that_may_be_one_name_is_not_certain() {
        let certain = |text: &str| TargetNames::from(text).certain().to_vec();
        assert_eq!(certain("a"), ["a"]);
        assert!(certain("a,b").is_empty() && certain(r#""a""#).is_empty());
        assert_eq!(TargetNames::from(vec!["a".to_owned(), "b".to_owned()]).certain(), ["a", "b"]);
    }
}
