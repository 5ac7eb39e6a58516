//! How long each dispatch takes, by the device's own clock: a pass of its own for each, with a
//! timestamp on either side.

use std::time::Duration;

use super::context::Context;
use super::pipelines::Ready;
use super::submission::Readback;
use crate::{Call, Error, Result};

/// Times that each dispatch is measured; the median counts.
const ROUNDS: usize = 9;

/// Dispatches whose timestamps a query set has room for.
const MOST: usize = wgpu::QUERY_SET_MAX_QUERIES as usize / 2;

/// The median time of each dispatch, one replay of it.
pub(super) async fn profile(context: &Context, list: &[Ready]) -> Result<Vec<Duration>> {
    if !context.device.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Err(Error::invalid(
            format!("{} has no timestamps to measure a dispatch by", context.name),
            ("leave out ", Call::Profile, ", or use another device"),
        ));
    }
    if list.len() > MOST {
        return Err(Error::invalid(
            format!("{} dispatches are more than the {MOST} that can be measured", list.len()),
            "profile a network of fewer layers",
        ));
    }
    let mut rounds = Vec::with_capacity(ROUNDS);
    // The first warms up.
    for _ in 0..=ROUNDS {
        rounds.push(round(context, list).await?);
    }
    let median = |dispatch: usize| {
        let mut times: Vec<Duration> = rounds[1..].iter().map(|round| round[dispatch]).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    Ok((0..list.len()).map(median).collect())
}

async fn round(context: &Context, list: &[Ready]) -> Result<Vec<Duration>> {
    let device = &context.device;
    let count = 2 * list.len() as u32;
    let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
        label: Some("profile"),
        ty: wgpu::QueryType::Timestamp,
        count,
    });
    let buffer = |label, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: 8 * u64::from(count),
            usage,
            mapped_at_creation: false,
        })
    };
    use wgpu::BufferUsages as Usage;
    let resolved = buffer("timestamps", Usage::QUERY_RESOLVE | Usage::COPY_SRC);
    let staging = buffer("timestamp readback", Usage::MAP_READ | Usage::COPY_DST);
    let mut encoder = device.create_command_encoder(&Default::default());
    for (index, dispatch) in list.iter().enumerate() {
        let begin = 2 * index as u32;
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("profile"),
            timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(begin),
                end_of_pass_write_index: Some(begin + 1),
            }),
        });
        match dispatch.repeats_itself() {
            Some(most) => dispatch.record_replays(context, &mut pass, 1, most),
            None => dispatch.record(&mut pass),
        }
    }
    encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
    encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, 8 * u64::from(count));
    let submitted = context.submit([encoder.finish()]);
    let readback = Readback::new(staging);
    context.wait(submitted).await?;
    let (words, _) = readback.words(context).await?;
    let ticks: Vec<u64> = words
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[low, high]| u64::from(*low) | u64::from(*high) << 32)
        .collect();
    let period = f64::from(context.queue.get_timestamp_period());
    let time = |pair: &[u64; 2]| {
        Duration::from_nanos((pair[1].saturating_sub(pair[0]) as f64 * period) as u64)
    };
    Ok(ticks.as_chunks::<2>().0.iter().map(time).collect())
}
