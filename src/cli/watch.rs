//! `lockstep watch`: gauges, one reading a line.

use super::args::{PlainFormat, Watch as Args};
use super::{Status, output, source};
use crate::config::Config;
use crate::engine::{Focus, Sample};
use crate::schema::QName;
use crate::watch::{self, Reading};
use crate::{Error, Result};
use std::time::Duration;

/// Readings that may fail in a row before the command gives up.
const PATIENCE: u32 = 5;

pub async fn run(args: Args, config: &Config) -> Result<Status> {
    let database = source::connect(&args.db, config).await?;
    let probe = args.probe.as_deref().map(|name| table(name, database.dialect().default_schema())).transpose()?;
    let mut watch = watch::watch(database, Duration::from_millis(args.interval));
    watch.focus(Focus { probe, ..Focus::default() });
    let mut left = args.count;
    let mut blind = 0;
    while left != Some(0) {
        let reading = tokio::select! {
            reading = watch.readings.recv() => reading,
            _ = tokio::signal::ctrl_c() => break,
        };
        let sample = match reading {
            Some(Reading::Sample(sample)) => sample,
            Some(Reading::Blind(why)) => {
                blind += 1;
                if blind >= PATIENCE {
                    return Err(why);
                }
                output::note(&format!("no reading: {}", why.message));
                continue;
            }
            None => return Err(Error::internal("the sampler ended")),
        };
        blind = 0;
        let line = match args.format {
            PlainFormat::Json => serde_json::to_string(&sample)
                .map_err(|why| Error::internal(format!("the reading cannot be written as JSON: {why}")))?,
            PlainFormat::Text => line(&sample),
        };
        if !output::print_line(&line) {
            break;
        }
        left = left.map(|n| n - 1);
    }
    Ok(Status::Yes)
}

fn table(name: &str, default_schema: &str) -> Result<QName> {
    match name.parse::<QName>() {
        Ok(name) => Ok(name),
        Err(_) if !name.is_empty() && !name.contains('.') => Ok(QName::new(default_schema, name)),
        Err(why) => Err(Error::usage(why)),
    }
}

fn line(sample: &Sample) -> String {
    let figure = |value: Option<f64>, unit: &str| value.map_or_else(|| "?".into(), |v| format!("{v:.1}{unit}"));
    let count = |value: Option<u64>| value.map_or_else(|| "?".into(), |v| v.to_string());
    let activity = sample.activity.as_ref();
    let waiting = sample.locks.waiting.as_ref().map(|w| w.len() as u64);
    let commits = sample.throughput.as_ref().and_then(|t| t.commits_per_s);
    format!(
        "{}  waiting {}  longest wait {}  active {}  idle in transaction {}  oldest transaction {}  probe {}  p99 {}  commits {}",
        sample.at,
        count(waiting),
        figure(sample.locks.longest_wait_ms, " ms"),
        count(activity.map(|a| a.active)),
        count(activity.map(|a| a.idle_in_transaction)),
        figure(activity.and_then(|a| a.oldest_xact_ms), " ms"),
        figure(sample.latency.probe_ms, " ms"),
        figure(sample.latency.p99_ms, " ms"),
        figure(commits, "/s"),
    )
}
