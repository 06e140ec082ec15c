//! Does what the reducer asks for, in tasks that send messages back.

mod edit;
mod files;
mod planning;
mod rehearsing;
mod running;
mod thinking;

pub use edit::edit;

use super::effect::Effect;
use super::message::{Connected, FromDatabase, Message};
use crate::assistant::provider::Provider;
use crate::config::Paces;
use crate::engine::{self, ConnectOptions, Database, Target};
use crate::run::{Command, Journal};
use crate::sql::{Highlighter, one_line};
use crate::{Error, ErrorCode, Result};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A slot that a task fills and the runner reads.
type Slot<T> = Arc<Mutex<Option<T>>>;

/// Runs effects.
pub struct Runner {
    messages: mpsc::Sender<Message>,
    connect: ConnectOptions,
    database: Slot<(u64, Arc<dyn Database>)>,
    commands: Slot<mpsc::Sender<Command>>,
    gauges: Option<watch::Sender<engine::Focus>>,
    run: Option<JoinHandle<()>>,
    highlighter: Arc<Highlighter>,
    provider: Option<Arc<Provider>>,
    /// The request that the model thinks about.
    thinking: Option<JoinHandle<()>>,
    rehearsal: Option<JoinHandle<()>>,
}

impl Runner {
    pub fn new(messages: mpsc::Sender<Message>, connect: ConnectOptions, provider: Option<Arc<Provider>>) -> Self {
        Self {
            messages,
            connect,
            database: Slot::default(),
            commands: Slot::default(),
            gauges: None,
            run: None,
            highlighter: Arc::default(),
            provider,
            thinking: None,
            rehearsal: None,
        }
    }

    /// Starts one effect. Those that need the terminal itself are not for here.
    pub fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(generation, target) => self.connect(generation, *target),
            Effect::ReadSchema(generation) => self.read_schema(generation),
            Effect::ReadHistory(generation) => self.read_history(generation),
            Effect::Interpret { id, text, answers, ground, model } => {
                self.think(id, thinking::Request { text, answers, ground }, model);
            }
            Effect::Forget => self.forget(),
            Effect::Preview { text, ground, history } => self.preview(text, ground, history),
            Effect::Plan { id, source, style, ground } => {
                let database = self.database();
                self.task(async move {
                    let built = planning::build(source, style, ground, database).await;
                    Message::Planned(id, Box::new(built))
                });
            }
            Effect::Judge { id, plan, source, style, ground } => self
                .blocking(move || Message::Planned(id, Box::new(Ok(planning::judge(*plan, source, style, &ground))))),
            Effect::Rewrite { id, step, sql, plan, source, style, ground } => self.blocking(move || {
                Message::Planned(id, Box::new(planning::rewrite(&step, &sql, *plan, source, style, &ground)))
            }),
            Effect::Compare { id, title, sql, ground } => {
                let database = self.database();
                self.task(async move { Message::Compared(id, title, planning::compare(&sql, ground, database).await) });
            }
            Effect::CompareTwo { id, engine, before, after } => self.task(async move {
                let title = format!("From {} to {}", one_line(&before), one_line(&after));
                Message::Compared(id, title, planning::compare_two(&before, &after, engine).await)
            }),
            Effect::Highlight(key, text) => {
                let highlighter = Arc::clone(&self.highlighter);
                self.blocking(move || Message::Highlighted(key, highlighter.lines(&crate::sql::visible(&text), 4_000)));
            }
            Effect::Safer { id, step, plan, source, style, ground } => self.blocking(move || {
                Message::Planned(id, Box::new(planning::safer(&step, *plan, source, style, &ground)))
            }),
            Effect::Rehearse { id, plan } => self.rehearse(id, *plan),
            Effect::ForgetRehearsal => self.forget_rehearsal(),
            Effect::StartRun(plan, errand) => self.start_run(*plan, errand),
            Effect::TakeBack { run, to } => self.take_back(run, to),
            Effect::Resume(run) => self.resume(run),
            Effect::Tell(command) => self.tell(command),
            Effect::Watch(focus) => self.watch(focus),
            Effect::ReadFile(purpose, path) => self.task(files::read(purpose, path)),
            Effect::SaveFile { path, text, overwrite } => self.task(files::save(path, text, overwrite)),
            Effect::Copy(text) => self.task(async move { Message::Copied(files::copy(&text)) }),
            Effect::Signal { backend, terminate } => {
                let database = self.database();
                self.task(async move {
                    let result = match database {
                        Ok(database) => database.signal(backend, terminate).await,
                        Err(error) => Err(error),
                    };
                    Message::Signalled { backend, terminate, result }
                });
            }
            Effect::Edit { .. } | Effect::Suspend | Effect::Redraw | Effect::Quit => {}
        }
    }

    /// Cancels what runs, on the server too, and waits a little for the journal to have its last word.
    pub async fn finish(mut self) {
        self.gauges = None;
        if let Some(rehearsal) = self.rehearsal.take() {
            rehearsal.abort();
            // Its shadow is being removed from then on, which the program's end waits for.
            let _ = rehearsal.await;
        }
        let commands = lock(&self.commands).take();
        if let Some(commands) = commands {
            // A run that is over does not listen any more, which is fine.
            let _ = commands.try_send(Command::Cancel);
            let _ = commands.try_send(Command::Stop);
        }
        if let Some(run) = self.run.take() {
            let _ = tokio::time::timeout(std::time::Duration::from_secs(5), run).await;
        }
    }

    /// Sends what a future comes to.
    fn task(&self, work: impl Future<Output = Message> + Send + 'static) {
        let messages = self.messages.clone();
        tokio::spawn(async move {
            // Nobody listens when the workbench has ended.
            let _ = messages.send(work.await).await;
        });
    }

    /// Sends what a computation comes to, off the runtime's threads.
    fn blocking(&self, work: impl FnOnce() -> Message + Send + 'static) {
        let messages = self.messages.clone();
        tokio::task::spawn_blocking(move || {
            let _ = messages.blocking_send(work());
        });
    }

    fn database(&self) -> Result<Arc<dyn Database>> {
        let open = lock(&self.database).as_ref().map(|(_, database)| Arc::clone(database));
        open.ok_or_else(|| {
            Error::new(ErrorCode::Connection, "there is no connection").hint("Connect to a database first.")
        })
    }

    fn connect(&mut self, generation: u64, target: Target) {
        self.gauges = None;
        *lock(&self.database) = None;
        let (connect, slot) = (self.connect.clone(), Arc::clone(&self.database));
        self.task(async move {
            let options = ConnectOptions { pace: Paces::open().of(&target.shown), ..connect };
            let result = engine::connect(&target, &options).await.map(|database| {
                let connected = Connected { info: database.info().clone(), dialect: database.dialect() };
                let mut slot = lock(&slot);
                // A connection that was asked for later may have been faster.
                if slot.as_ref().is_none_or(|(newer, _)| *newer < generation) {
                    *slot = Some((generation, database));
                }
                connected
            });
            Message::Database(generation, FromDatabase::Connected(result))
        });
    }

    fn read_schema(&self, generation: u64) {
        let Ok(database) = self.database() else { return };
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let outline = database.outline().await;
            let _ = messages.send(Message::Database(generation, FromDatabase::Outline(outline))).await;
            let schema = database.inspect().await.map(Arc::new);
            let _ = messages.send(Message::Database(generation, FromDatabase::Schema(schema))).await;
        });
    }

    fn read_history(&self, generation: u64) {
        let Ok(database) = self.database() else { return };
        self.task(async move { Message::Database(generation, FromDatabase::History(Journal::runs(&database).await)) });
    }
}

/// A slot's content, also after a task panicked while it held it.
fn lock<T>(slot: &Slot<T>) -> std::sync::MutexGuard<'_, Option<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
