//! The loop: wait for something to happen, take in all that has, draw once.

use super::effect::Effect;
use super::effects::{self, Runner};
use super::message::Message;
use super::options::{End, Options, Preparing};
use super::state::{Link, Look, Said, State};
use super::symbols::{self, Symbols};
use super::terminal::Terminal;
use super::theme::{self, Depth, Theme};
use super::update::{open_picker, update};
use super::view;
use crate::{Error, Result};
use crossterm::event::{Event, EventStream, MouseEventKind};
use futures::StreamExt as _;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Messages that may wait to be taken in.
const QUEUE: usize = 1_024;

/// Messages taken in before the screen is drawn again, so that a flood cannot keep it still.
const AT_ONCE: usize = 256;

/// The theme that follows the terminal.
const AUTO: &str = "auto";

pub async fn run(options: Options, news: Option<mpsc::Receiver<Preparing>>) -> Result<End> {
    let asks_for_theme = options.theme.as_deref() == Some(AUTO);
    let look = look(&options)?;
    let mut terminal = Terminal::take()?;
    let (sender, mut messages) = mpsc::channel(QUEUE);
    let mut runner = Runner::new(sender.clone(), options.connect.clone(), options.provider.clone());
    let mut state = State::new(look, Instant::now());
    if let Ok(size) = terminal.screen.size() {
        state.size = (size.width, size.height);
    }
    let mut first = Vec::new();
    begin(&mut state, options, news.is_some(), &mut first);
    draw(&mut terminal, &state)?;
    listen_for_signals(&sender);
    for effect in first {
        runner.start(effect);
    }
    if let Some(news) = news {
        pass_on(news, &sender);
    }
    if asks_for_theme {
        // The answer comes on the terminal's input, so it must be read before the keys are.
        state.look.theme = theme::load(if terminal_is_light() { "light" } else { "dark" }, state.look.depth)?;
        draw(&mut terminal, &state)?;
    }
    let mut keyboard = Keyboard::listen(&sender);
    let mut ended = false;
    while !ended {
        let mut waiting = vec![next(&mut messages, state.deadline()).await];
        while waiting.len() < AT_ONCE {
            let Ok(more) = messages.try_recv() else { break };
            waiting.push(more);
        }
        for message in waiting {
            let effects = update(&mut state, message, Instant::now());
            ended |= carry_out(effects, &mut terminal, &mut runner, &mut keyboard, &sender).await?;
        }
        if !ended {
            draw(&mut terminal, &state)?;
        }
    }
    drop(keyboard);
    drop(terminal);
    runner.finish().await;
    Ok(End { connected: state.connected, next: state.quit.unwrap_or_default() })
}

/// How to draw, by the options and the environment.
fn look(options: &Options) -> Result<Look> {
    let lookup = |key: &str| std::env::var(key).ok();
    let depth = Depth::from_environment(lookup);
    let symbols = match options.ascii {
        Some(true) => symbols::ASCII,
        Some(false) => symbols::UNICODE,
        None => Symbols::from_environment(lookup),
    };
    Ok(Look { theme: theme(options.theme.as_deref(), depth)?, depth, symbols })
}

fn theme(name: Option<&str>, depth: Depth) -> Result<Theme> {
    match name {
        // Until the terminal has said whether it is light or dark, its own colours: the first frame waits for nothing.
        None | Some(AUTO) => theme::load("terminal", depth),
        Some(path) if std::path::Path::new(path).extension().is_some_and(|e| e == "toml") => {
            let text = std::fs::read_to_string(path).map_err(|why| {
                Error::new(crate::ErrorCode::Config, format!("the theme file {path} cannot be read: {why}"))
                    .hint("Check the path, or choose a theme by its name.")
            })?;
            theme::from_text(path, &text, depth)
        }
        Some(name) => theme::load(name, depth),
    }
}

/// Asks the terminal for its colours. One that does not answer in time is taken for dark.
fn terminal_is_light() -> bool {
    let mut ask = terminal_colorsaurus::QueryOptions::default();
    ask.timeout = Duration::from_millis(100);
    terminal_colorsaurus::theme_mode(ask).is_ok_and(|mode| mode == terminal_colorsaurus::ThemeMode::Light)
}

fn begin(state: &mut State, options: Options, prepared: bool, effects: &mut Vec<Effect>) {
    state.demo = options.demo;
    state.migration = options.sql_file;
    state.recent = options.recent;
    state.named = options.named;
    state.chat.model = options.provider.as_ref().map(|provider| provider.name());
    state.chat.said = options.remarks.into_iter().map(Said::Note).collect();
    match options.target {
        Some(target) => open_picker(state, target, effects),
        None if prepared => state.link = Link::Preparing("making the database".into()),
        None => state.picker = Some(state.choices()),
    }
}

/// Tells the workbench what is heard of a database in the making.
fn pass_on(mut news: mpsc::Receiver<Preparing>, sender: &mpsc::Sender<Message>) {
    let sender = sender.clone();
    tokio::spawn(async move {
        while let Some(heard) = news.recv().await {
            // Nobody listens when the workbench has ended.
            let _ = sender.send(Message::Preparing(heard)).await;
        }
    });
}

fn draw(terminal: &mut Terminal, state: &State) -> Result<()> {
    let drawn = terminal.screen.draw(|frame| view::draw(state, frame));
    drawn.map(|_| ()).map_err(|why| Error::internal(format!("the terminal cannot be drawn on: {why}")))
}

/// Waits for the next thing that happens.
async fn next(messages: &mut mpsc::Receiver<Message>, deadline: Option<Instant>) -> Message {
    let wake = async {
        match deadline {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        message = messages.recv() => message.unwrap_or(Message::Terminate),
        () = wake => Message::Tick,
    }
}

/// The task that reads the terminal's events into the queue; it ends when this is dropped.
struct Keyboard {
    task: JoinHandle<()>,
}

impl Keyboard {
    fn listen(sender: &mpsc::Sender<Message>) -> Self {
        let sender = sender.clone();
        let task = tokio::spawn(async move {
            let mut events = EventStream::new();
            while let Some(event) = events.next().await {
                let message = match event {
                    Ok(Event::Key(key)) => Message::Key(key),
                    Ok(Event::Mouse(mouse)) if is_motion(mouse.kind) => continue,
                    Ok(Event::Mouse(mouse)) => Message::Mouse(mouse),
                    Ok(Event::Paste(text)) => Message::Paste(text),
                    Ok(Event::Resize(width, height)) => Message::Resize(width, height),
                    Ok(Event::FocusGained | Event::FocusLost) => continue,
                    // The terminal is gone.
                    Err(_) => break,
                };
                if sender.send(message).await.is_err() {
                    return;
                }
            }
            let _ = sender.send(Message::Terminate).await;
        });
        Self { task }
    }

    /// Stops reading, so that somebody else can.
    async fn pause(&mut self) {
        self.task.abort();
        // Its end is what counts; that it was aborted is known.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the pointer only moved, which means nothing here and must not draw anything.
fn is_motion(kind: MouseEventKind) -> bool {
    matches!(kind, MouseEventKind::Moved | MouseEventKind::Drag(_) | MouseEventKind::Up(_))
}

/// Does what needs the terminal here and gives the rest to the runner; true when it is time to end.
async fn carry_out(
    effects: Vec<Effect>,
    terminal: &mut Terminal,
    runner: &mut Runner,
    keyboard: &mut Keyboard,
    sender: &mpsc::Sender<Message>,
) -> Result<bool> {
    let mut ended = false;
    for effect in effects {
        match effect {
            Effect::Quit => ended = true,
            Effect::Redraw => {
                terminal.screen.clear().map_err(|why| Error::internal(why.to_string()))?;
            }
            Effect::Suspend => {
                keyboard.pause().await;
                terminal.lend(stop_ourselves)?;
                *keyboard = Keyboard::listen(sender);
            }
            Effect::Edit { step, text } => {
                keyboard.pause().await;
                let result = terminal.lend(|| effects::edit(&text))?;
                *keyboard = Keyboard::listen(sender);
                // The queue has room: the loop is right here, taking in nothing.
                let _ = sender.try_send(Message::Edited(step, result));
            }
            effect => runner.start(effect),
        }
    }
    Ok(ended)
}

/// Stops this process and the rest of its job, as Ctrl-Z does, until the shell continues them.
fn stop_ourselves() {
    // Without a `kill` there is no way to stop; the screen simply comes back.
    let _ = std::process::Command::new("kill").args(["-s", "TSTP", "0"]).status();
}

/// Ending from outside goes the same way as quitting.
fn listen_for_signals(sender: &mpsc::Sender<Message>) {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()] {
        let Ok(mut arrivals) = signal(kind) else { continue };
        let sender = sender.clone();
        tokio::spawn(async move {
            while arrivals.recv().await.is_some() {
                let _ = sender.send(Message::Terminate).await;
            }
        });
    }
}
