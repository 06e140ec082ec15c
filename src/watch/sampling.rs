//! The task that reads the gauges at its own pace.

use crate::Error;
use crate::engine::{Database, Focus, Sample, Sampler};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch as latest};
use tokio::time::{Instant, MissedTickBehavior};

/// What the sampling task tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    Sample(Box<Sample>),
    /// No reading this time; the task tries again by itself.
    Blind(Error),
}

/// A running sampler; it ends when this is dropped.
#[derive(Debug)]
pub struct Watch {
    pub readings: mpsc::Receiver<Reading>,
    aim: latest::Sender<Aim>,
}

/// What is looked at, and whether at all.
#[derive(Clone, Debug, Default)]
struct Aim {
    focus: Focus,
    resting: bool,
}

impl Watch {
    /// Looks at something else from the next reading on.
    pub fn focus(&self, focus: Focus) {
        self.aim.send_modify(|aim| {
            aim.focus = focus;
            aim.resting = false;
        });
    }

    /// Keeps the connection but reads nothing until the next [`focus`](Self::focus).
    pub fn rest(&self) {
        self.aim.send_modify(|aim| aim.resting = true);
    }
}

/// Readings held back for a slow reader, beside the one that is ready for it.
const HELD_BACK: usize = 7;
/// Longest pause between attempts to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Starts reading the gauges of `database` every `interval`. A slow reader loses old readings, never new ones.
pub fn watch(database: Arc<dyn Database>, interval: Duration) -> Watch {
    let (sender, readings) = mpsc::channel(1);
    let (aim, aimed) = latest::channel(Aim::default());
    let interval = interval.max(Duration::from_millis(10));
    tokio::spawn(Task { database, interval, aimed, out: Outbox::new(sender) }.run());
    Watch { readings, aim }
}

/// A bounded way out that forgets its oldest readings when nobody takes them.
struct Outbox {
    sender: mpsc::Sender<Reading>,
    held: VecDeque<Reading>,
}

impl Outbox {
    fn new(sender: mpsc::Sender<Reading>) -> Self {
        Self { sender, held: VecDeque::new() }
    }

    fn put(&mut self, reading: Reading) {
        self.held.push_back(reading);
        while self.held.len() > HELD_BACK {
            self.held.pop_front();
        }
    }

    /// Hands held readings over as the reader takes them; ends only when there is no reader any more.
    async fn flush(&mut self) {
        loop {
            if self.held.is_empty() {
                return self.sender.closed().await;
            }
            let Ok(place) = self.sender.reserve().await else { return };
            if let Some(reading) = self.held.pop_front() {
                place.send(reading);
            }
        }
    }
}

struct Task {
    database: Arc<dyn Database>,
    interval: Duration,
    aimed: latest::Receiver<Aim>,
    out: Outbox,
}

/// The reader has gone.
struct Gone;

impl Task {
    async fn run(mut self) {
        let mut pause = self.interval;
        while let Ok(opened) = self.beside(|database, _| async move { database.sampler().await }).await {
            let lost = match opened {
                Ok(sampler) => match self.read(sampler, &mut pause).await {
                    Ok(lost) => lost,
                    Err(Gone) => return,
                },
                Err(why) => why,
            };
            self.out.put(Reading::Blind(lost));
            if self.wait_until(Instant::now() + pause).await.is_err() {
                return;
            }
            pause = (pause * 2).clamp(Duration::from_millis(250), LONGEST_PAUSE);
        }
    }

    /// Reads until the connection is lost (the error) or the reader has gone.
    async fn read(&mut self, mut sampler: Box<dyn Sampler>, pause: &mut Duration) -> Result<Error, Gone> {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.out.flush() => return Err(Gone),
                _ = ticks.tick() => {}
            }
            while self.aimed.borrow_and_update().resting {
                tokio::select! {
                    () = self.out.flush() => return Err(Gone),
                    changed = self.aimed.changed() => changed.map_err(|_| Gone)?,
                }
            }
            let sampler = &mut sampler;
            let read = self.beside(|_, focus| async move { sampler.sample(&focus).await }).await?;
            match read {
                Ok(sample) => {
                    *pause = self.interval;
                    self.out.put(Reading::Sample(Box::new(sample)));
                }
                Err(lost) => return Ok(lost),
            }
        }
    }

    async fn wait_until(&mut self, then: Instant) -> Result<(), Gone> {
        self.beside(|_, _| tokio::time::sleep_until(then)).await
    }

    /// Does some work while held readings go out; dropped with it when the reader goes.
    async fn beside<T, F: Future<Output = T>>(
        &mut self,
        work: impl FnOnce(Arc<dyn Database>, Focus) -> F,
    ) -> Result<T, Gone> {
        let focus = self.aimed.borrow().focus.clone();
        let work = work(Arc::clone(&self.database), focus);
        tokio::select! {
            () = self.out.flush() => Err(Gone),
            done = work => Ok(done),
        }
    }
}
