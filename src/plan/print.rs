//! A plan as people read it.

use std::fmt::{Display, Formatter, Result};

use super::{Dispatch, Phase, Plan};
use crate::kernels::{Operation, fold};

/// Bytes with a binary unit, to three digits.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    scaled(count as f64, 1024.0, &UNITS)
}

/// A count with a decimal unit, to three digits.
pub fn quantity(count: u64) -> String {
    scaled(count as f64, 1000.0, &["", "k", "M", "G", "T"])
}

/// A count with its noun, in the plural where it is not one.
fn counted(count: u64, noun: &str) -> String {
    let ending = match (count, noun.ends_with('h')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {noun}{ending}")
}

fn scaled(mut value: f64, base: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while value >= base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {}", units[unit]).trim_end().to_owned()
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let network = self.network();
        if self.networks.len() > 1 {
            writeln!(f, "{} networks, the first of them:", self.networks.len())?;
        }
        writeln!(
            f,
            "network {network}, {} hidden, {} output: {} parameters, {} FLOPs a row forward",
            network.hidden_function(),
            network.output,
            network.parameters(),
            quantity(network.flops_forward()),
        )?;
        if self.rows > 0 {
            writeln!(
                f,
                "{} in batches of {}: {} an epoch; strategy {}",
                counted(self.rows as u64, "row"),
                self.batch,
                counted(self.steps_per_epoch(), "step"),
                self.strategy,
            )?;
            for cut in self.cuts() {
                writeln!(f, "{cut}")?;
            }
        }
        for phase in Phase::ALL {
            let dispatches = self.phase(phase);
            if !dispatches.is_empty() {
                writeln!(f)?;
                self.write_phase(f, phase, dispatches)?;
            }
        }
        writeln!(f, "\nbuffers")?;
        let width = self.buffers.iter().map(|b| b.name.len()).max().unwrap_or(0);
        for buffer in &self.buffers {
            let shape = format!("{:?}", buffer.shape);
            writeln!(
                f,
                "  {:width$}  {shape:>20}  {:>10}  {:?}",
                buffer.name,
                bytes(buffer.bytes()),
                buffer.role,
            )?;
        }
        write!(f, "memory: {} in {} buffers", bytes(self.bytes()), self.buffers.len())
    }
}

impl Plan {
    /// What did not fit as a whole, and how it is cut.
    pub fn cuts(&self) -> Vec<String> {
        let shards = self.shard.map(|shard| {
            format!(
                "not all rows fit: they come in {} of {} rows, one while the steps go through \
                 another",
                counted(self.rows.div_ceil(shard.capacity) as u64, "shard"),
                shard.capacity,
            )
        });
        let split = self.micro_batch.map(|rows| {
            format!(
                "a batch is too large at once: it goes through the layers in {} of {rows} rows, whose \
                 gradients are added up before the one update",
                counted(self.micro_batches() as u64, "micro-batch"),
            )
        });
        shards.into_iter().chain(split).collect()
    }

    fn write_phase(&self, f: &mut Formatter<'_>, phase: Phase, list: &[Dispatch]) -> Result {
        let cost = self.cost(phase);
        writeln!(
            f,
            "{}: {}, {} FLOPs, {}",
            phase.name(),
            counted(list.len() as u64, "dispatch"),
            quantity(cost.flops),
            bytes(cost.bytes),
        )?;
        let hidden = repeated(list);
        let listed = list[..hidden.start].iter().chain(&list[hidden.end..]);
        let rows: Vec<[String; 6]> = listed.map(|dispatch| self.row(dispatch)).collect();
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..6).map(width).collect();
        for (number, [stem, label, shape, groups, flops, moved]) in rows.iter().enumerate() {
            if number == hidden.start && !hidden.is_empty() {
                writeln!(f, "  … the same for each further micro-batch")?;
            }
            writeln!(
                f,
                "  {stem:a$}  {label:b$}  {shape:c$}  {groups:>d$}  {flops:>e$}  {moved:>g$}",
                a = widths[0],
                b = widths[1],
                c = widths[2],
                d = widths[3],
                e = widths[4],
                g = widths[5],
            )?;
        }
        Ok(())
    }

    fn row(&self, dispatch: &Dispatch) -> [String; 6] {
        let kernel = dispatch.operation.kernel();
        let cost = kernel.cost();
        let [x, y, _] = fold(kernel.workgroups());
        [
            kernel.stem().to_owned(),
            dispatch.label.clone(),
            kernel.describe(),
            if y > 1 { format!("{x}×{y} workgroups") } else { counted(u64::from(x), "workgroup") },
            format!("{} FLOPs", quantity(cost.flops)),
            bytes(cost.bytes),
        ]
    }
}

/// The dispatches of all micro-batches but the first, which say nothing new.
fn repeated(list: &[Dispatch]) -> std::ops::Range<usize> {
    let begins = |dispatch: &Dispatch| matches!(dispatch.operation, Operation::MicroBatch(_));
    let parts: Vec<usize> = (0..list.len()).filter(|&number| begins(&list[number])).collect();
    match parts[..] {
        [first, second, .., last] | [first, second @ last] => second..last + second - first,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_keep_three_digits() {
        assert_eq!(bytes(12), "12 B");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(bytes(128 << 20), "128 MiB");
        assert_eq!(quantity(999), "999");
        assert_eq!(quantity(12_340), "12.3 k");
    }
}
