//! Numbers in JSON, which has no NaN: `null` stands for it.

use serde::{Deserialize as _, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(own: &[f64], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(own.iter().map(|number| number.is_finite().then_some(*number)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let read = Vec::<Option<f64>>::deserialize(from)?;
    Ok(read.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// The same of one.
pub(super) mod single {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(in crate::sweep) fn serialize<S: Serializer>(own: &f64, to: S) -> Result<S::Ok, S::Error> {
        own.is_finite().then_some(*own).serialize(to)
    }

    pub(in crate::sweep) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
    }
}
