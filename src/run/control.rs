//! What the front end and the gauges may say while something runs, and what is done about it.

use super::harm::{Harm, Watchdog};
use super::{Command, Event};
use crate::engine::{Blocker, Canceller, Database, Focus};
use crate::plan::Step;
use crate::watch::{Reading, Watch, watch};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Between two looks at those whom a step keeps waiting.
const LOOK: Duration = Duration::from_millis(250);
/// Between two cancel requests: one that arrives between two statements has no effect.
const CANCEL_AGAIN: Duration = Duration::from_millis(250);
/// A server that has not answered a cancel for this long is counted as lost.
const NO_ANSWER: Duration = Duration::from_secs(30);

/// Why what runs is to be stopped.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Halt {
    Asked,
    /// The front end has gone.
    Abandoned,
    Hurts(Harm),
}

impl Halt {
    /// As an error of the step that was stopped.
    pub fn error(&self) -> Error {
        match self {
            Self::Asked => Error::new(ErrorCode::Cancelled, "the step was cancelled")
                .hint("Nothing of a transaction is kept. Run the plan again when it suits."),
            Self::Abandoned => {
                Error::new(ErrorCode::Cancelled, "the step was cancelled because its screen or command ended")
                    .hint("`lockstep status` says what is unfinished.")
            }
            Self::Hurts(harm) => Error::new(
                ErrorCode::Cancelled,
                format!(
                    "the step was cancelled because it hurt: {} {} kept waiting, for up to {} ms",
                    harm.victims,
                    if harm.victims == 1 { "session was" } else { "sessions were" },
                    harm.longest.as_millis()
                ),
            )
            .hint("Try again when the table is quieter, or split the step."),
        }
    }
}

/// The run's side of its [`RunHandle`](super::RunHandle), and its watchdog.
pub(super) struct Control {
    pub database: Arc<dyn Database>,
    pub commands: mpsc::Receiver<Command>,
    pub events: mpsc::Sender<Event>,
    pub canceller: Arc<dyn Canceller>,
    watch: Watch,
    watchdog: Watchdog,
    /// The gauges' task has ended: no reading will come.
    blind: bool,
    /// The step that is going on.
    step: String,
    halt: Option<(Halt, Instant)>,
    /// Cancelled with `halt`, for work that has to notice between two statements.
    pub halted: CancellationToken,
    pub paused: bool,
    /// End the run before the next step.
    pub stopping: bool,
    /// Sessions that were shown to stand in the way: no other one is ever signalled.
    signallable: BTreeSet<i64>,
}

/// What came up while work was going on.
enum Noticed {
    Command(Option<Command>),
    Reading(Option<Reading>),
    NobodyListens,
    CancelAgain,
}

impl Control {
    pub fn new(
        database: Arc<dyn Database>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
        canceller: Arc<dyn Canceller>,
        executor: Option<i64>,
        max_blocking: Duration,
    ) -> Self {
        let watch = watch(Arc::clone(&database), LOOK);
        watch.rest();
        Self {
            database,
            commands,
            events,
            canceller,
            watch,
            watchdog: Watchdog::new(max_blocking, executor),
            blind: false,
            step: String::new(),
            halt: None,
            halted: CancellationToken::new(),
            paused: false,
            stopping: false,
            signallable: BTreeSet::new(),
        }
    }

    /// Begins to guard `step`, run by session `executor`.
    pub fn enter(&mut self, step: &Step, executor: Option<i64>) {
        self.step.clone_from(&step.id);
        self.paused = false;
        self.watchdog.forget();
        // The probe would be a reader of the very table that may be locked: the canary is the front end's.
        self.watch.focus(Focus { backend: executor, locks: step.locks.clone(), probe: None });
    }

    pub fn leave(&mut self) {
        self.watch.rest();
    }

    /// The executor has another connection now.
    pub fn reconnected(&mut self, canceller: Arc<dyn Canceller>) {
        self.canceller = canceller;
    }

    /// Lets clean-up work go on after a halt; the halt that was is given back.
    pub fn calm(&mut self) -> Option<Halt> {
        self.halted = CancellationToken::new();
        self.halt.take().map(|(halt, _)| halt)
    }

    pub fn halt(&self) -> Option<&Halt> {
        self.halt.as_ref().map(|(halt, _)| halt)
    }

    /// The front end has gone: nothing more may be begun.
    pub fn abandoned(&self) -> bool {
        self.events.is_closed() || matches!(self.halt(), Some(Halt::Abandoned))
    }

    /// Tells the front end, waiting for it to have room. Never inside a transaction.
    pub async fn tell(&mut self, event: Event) {
        // A front end that has gone is noticed by `abandoned`.
        let _ = self.events.send(event).await;
    }

    pub async fn note(&mut self, text: impl Into<String>) {
        self.tell(Event::Note { text: text.into() }).await;
    }

    /// Tells if there is room: for events that a later one replaces, and inside transactions.
    pub fn mention(&self, event: Event) {
        let _ = self.events.try_send(event);
    }

    /// These may be signalled: they have been shown.
    pub fn may_signal(&mut self, shown: &[Blocker]) {
        self.signallable.extend(shown.iter().map(|b| b.backend));
    }

    /// Does `work` while commands and gauges are heeded. A halt cancels it on the server; its own answer comes back
    /// all the same, since it may have been faster.
    pub async fn guard<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::pin!(work);
        loop {
            let noticed = tokio::select! {
                biased;
                done = &mut work => return done,
                noticed = self.notice() => noticed,
            };
            self.heed(noticed);
            if self.halt.as_ref().is_some_and(|(_, since)| since.elapsed() > NO_ANSWER) {
                return Err(Error::new(
                    ErrorCode::ConnectionLost,
                    "the server has not answered the cancel for 30 seconds",
                )
                .hint("Look at the server: the step may still be going on there."));
            }
        }
    }

    /// Sleeps while commands are heeded; a halt ends it early.
    pub async fn pause(&mut self, pause: Duration) {
        let halted = self.halted.clone();
        let end = Instant::now() + pause;
        let work = async {
            tokio::select! {
                () = halted.cancelled() => {}
                () = sleep_until(end) => {}
            }
            Ok(())
        };
        // Sleeping cannot fail.
        let _ = self.guard(work).await;
    }

    async fn notice(&mut self) -> Noticed {
        let cancelling = self.halt.is_some();
        let again = Instant::now() + CANCEL_AGAIN;
        tokio::select! {
            command = self.commands.recv(), if !self.commands.is_closed() || !cancelling => Noticed::Command(command),
            reading = self.watch.readings.recv(), if !self.blind => Noticed::Reading(reading),
            () = self.events.closed(), if !cancelling => Noticed::NobodyListens,
            () = sleep_until(again), if cancelling => Noticed::CancelAgain,
        }
    }

    fn heed(&mut self, noticed: Noticed) {
        match noticed {
            Noticed::Command(Some(command)) => self.obey(&command),
            Noticed::Command(None) | Noticed::NobodyListens => self.stop_now(Halt::Abandoned),
            Noticed::Reading(Some(Reading::Sample(sample))) => {
                self.may_signal(&sample.locks.blockers);
                if let Some(harm) = self.watchdog.look(&sample) {
                    self.stop_now(Halt::Hurts(harm));
                }
            }
            Noticed::Reading(Some(Reading::Blind(_))) => {}
            Noticed::Reading(None) => self.blind = true,
            Noticed::CancelAgain => self.send_cancel(),
        }
    }

    /// What a command means while a step is going on; confirmations of it are late and mean nothing.
    fn obey(&mut self, command: &Command) {
        match *command {
            Command::Cancel => self.stop_now(Halt::Asked),
            Command::Stop => self.stopping = true,
            Command::Pause => self.paused = true,
            Command::Resume => self.paused = false,
            Command::Signal { backend, terminate } => self.signal(backend, terminate),
            Command::Confirm(_) | Command::Skip(_) | Command::RefreshGate => {}
        }
    }

    fn stop_now(&mut self, why: Halt) {
        if self.halt.is_none() {
            self.halt = Some((why, Instant::now()));
            self.halted.cancel();
            self.mention(Event::Cancelling { step: self.step.clone() });
            self.send_cancel();
        }
    }

    fn send_cancel(&self) {
        let canceller = Arc::clone(&self.canceller);
        tokio::spawn(async move {
            if let Err(why) = canceller.cancel().await {
                tracing::warn!("a cancel request failed: {why}");
            }
        });
    }

    /// Cancels or ends a session that was shown to stand in the way, and no other one.
    pub fn signal(&self, backend: i64, terminate: bool) {
        if !self.signallable.contains(&backend) {
            self.mention(Event::Note {
                text: format!("Session {backend} does not stand in the way of this step, so it was left alone."),
            });
            return;
        }
        let (database, events) = (Arc::clone(&self.database), self.events.clone());
        tokio::spawn(async move {
            let text = match database.signal(backend, terminate).await {
                Ok(()) if terminate => format!("Session {backend} was told to end."),
                Ok(()) => format!("Session {backend} was told to cancel its query."),
                Err(why) => format!("Session {backend} could not be signalled: {why}"),
            };
            let _ = events.try_send(Event::Note { text });
        });
    }
}
