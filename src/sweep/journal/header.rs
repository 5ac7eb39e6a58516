//! The first line of a journal: what is searched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sweep::{Block, Space};

/// What is searched: two searches whose headers are equal come to the same end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of the journal's format.
    pub format: u32,
    /// The version of halfplane.
    pub halfplane: String,
    /// Where is searched.
    pub space: Space,
    /// A fingerprint of the data.
    pub data: String,
    /// A fingerprint of the folds.
    pub folds: String,
    /// The seed of sampler and trainings.
    pub seed: u64,
    /// The sampler's name.
    pub sampler: String,
    /// Whatever else decides, by name: metric, epochs, options that are not searched.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Which of its trials are in this journal; all, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
    /// What the search was begun with, as it was typed: not compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

impl Header {
    /// The version of the format that is written.
    pub const FORMAT: u32 = 1;

    /// A header of this version of halfplane.
    pub fn new(space: &Space, data: &str, folds: &str, seed: u64, sampler: &str) -> Self {
        Self {
            format: Self::FORMAT,
            halfplane: env!("CARGO_PKG_VERSION").to_owned(),
            space: space.clone(),
            data: data.to_owned(),
            folds: folds.to_owned(),
            seed,
            sampler: sampler.to_owned(),
            settings: BTreeMap::new(),
            block: None,
            arguments: Vec::new(),
        }
    }

    /// What differs between the search of a journal and this one, in words.
    pub(in crate::sweep) fn difference(&self, then: &Self) -> Option<String> {
        let versus = |what: &str, then: String, now: String| {
            (then != now).then(|| format!("{what}: {then} then, {now} now"))
        };
        let another = |what: &str, is_same: bool| (!is_same).then(|| format!("another {what}"));
        versus("halfplane's version", then.halfplane.clone(), self.halfplane.clone())
            .or_else(|| another("data set", self.data == then.data))
            .or_else(|| self.space_difference(&then.space))
            .or_else(|| versus("the sampler", then.sampler.clone(), self.sampler.clone()))
            .or_else(|| versus("the seed", then.seed.to_string(), self.seed.to_string()))
            .or_else(|| another("division into folds", self.folds == then.folds))
            .or_else(|| {
                let text = |own: Option<Block>| own.map_or("all".to_owned(), |own| own.to_string());
                versus("the block", text(then.block), text(self.block))
            })
            .or_else(|| {
                let names = then.settings.keys().chain(self.settings.keys());
                let text = |value: Option<&serde_json::Value>| {
                    value.map_or_else(|| "unset".to_owned(), ToString::to_string)
                };
                names.into_iter().find_map(|name| {
                    let (then, now) = (then.settings.get(name), self.settings.get(name));
                    versus(&format!("`{name}`"), text(then), text(now))
                })
            })
    }

    fn space_difference(&self, then: &Space) -> Option<String> {
        let names = then.iter().chain(self.space.iter()).map(|(name, _)| name);
        let text = |space: &Space, name: &str| {
            let own = space.get(name).map(|own| own.to_json().to_string());
            own.unwrap_or_else(|| "not searched".to_owned())
        };
        let differs = |name: &str| {
            let (then, now) = (text(then, name), text(&self.space, name));
            (then != now).then(|| format!("another space, `{name}`: {then} then, {now} now"))
        };
        let order = (*then != self.space).then(|| "another order of the space".to_owned());
        names.into_iter().find_map(differs).or(order)
    }
}
