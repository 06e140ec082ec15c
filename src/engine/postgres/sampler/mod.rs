//! Reads the gauges, on a connection that never opens a user's relation; only the probe does, on one of its own.
//!
//! One statement a reading answers for everything that moves fast. Counters and sizes are asked for more rarely,
//! because the server itself moves them rarely or because they cost.

mod fast;
mod probe;
mod rates;
mod slow;

use super::connect::{Route, observer_settings};
use super::wire::{Cells, rows};
use crate::engine::{Focus, Sample, Sampler};
use crate::{Error, ErrorCode, Result};
use probe::Probe;
use rates::Rates;
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// A reading never takes longer than this, whatever the server does.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) struct PostgresSampler {
    connection: PgConnection,
    version: u32,
    probe: Probe,
    waits: fast::Waits,
    rates: Rates,
    slow: slow::Slow,
}

impl PostgresSampler {
    pub(super) async fn open(route: &Route, version: u32) -> Result<Self> {
        let settings = observer_settings(version, "100ms", "1s");
        let connection = route.open("lockstep-sampler", &settings).await?;
        let probe = Probe::open(route.clone(), version).await?;
        Ok(Self {
            connection,
            version: version / 10_000,
            probe,
            waits: fast::Waits::default(),
            rates: Rates::default(),
            slow: slow::Slow::default(),
        })
    }

    async fn read(&mut self, focus: &Focus) -> Result<Sample> {
        let mut sample = Sample { at: jiff::Timestamp::now().to_string(), ..Sample::default() };
        self.probe.start(focus.probe.as_ref());
        let fast = answer(&mut self.connection, &fast::query(self.version, focus, self.probe.backend())).await?;
        if let Some(fast) = fast {
            self.waits.fill(&mut sample, &fast, focus);
            sample.wal_bytes_per_s = self.rates.wal(fast.wal_bytes);
        }
        if self.rates.due()
            && let Some(counters) = answer(&mut self.connection, rates::QUERY).await?
        {
            self.rates.count(&counters);
        }
        sample.throughput = self.rates.throughput();
        self.slow.read(&mut self.connection, self.version).await?;
        self.slow.fill(&mut sample);
        sample.latency = self.probe.latency().await;
        Ok(sample)
    }
}

#[async_trait::async_trait]
impl Sampler for PostgresSampler {
    async fn sample(&mut self, focus: &Focus) -> Result<Sample> {
        match tokio::time::timeout(PATIENCE, self.read(focus)).await {
            Ok(sample) => sample,
            Err(_) => {
                Err(Error::new(ErrorCode::ConnectionLost, "the server did not answer the gauges' questions in time")
                    .hint("The server or the network is overloaded; the gauges are read again on a new connection."))
            }
        }
    }
}

/// Reads one JSON value. A question that the server had no time for or does not allow has no answer; only a lost
/// connection is an error.
async fn answer<T: serde::de::DeserializeOwned>(connection: &mut PgConnection, sql: &str) -> Result<Option<T>> {
    let answer = match rows(connection, sql).await {
        Ok(answer) => answer,
        Err(why) if why.code == ErrorCode::ConnectionLost => return Err(why),
        Err(why) => {
            tracing::debug!(%why, "a gauge could not be read");
            return Ok(None);
        }
    };
    let Some(row) = answer.first() else { return Ok(None) };
    let Some(text) = Cells::new(row).take::<Option<String>>()? else { return Ok(None) };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|why| Error::internal(format!("a gauge's answer cannot be read: {why}")))
}
