//! `halfplane doctor`

use halfplane::Result;

use super::arguments::DoctorArguments;

pub(super) fn run(_arguments: &DoctorArguments) -> Result<()> {
    Ok(())
}
