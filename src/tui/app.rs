//! The loop: wait for something to happen, take in all that has, draw once.

use super::effect::Effect;
use super::effects::{self, Runner};
use super::message::Message;
use super::options::{End, Options};
use super::state::{Look, Picker, State};
use super::symbols::{self, Symbols};
use super::terminal::Terminal;
use super::theme::{self, Depth, Theme};
use super::update::{open_picker, update};
use super::view;
use crate::{Error, Result};
use crossterm::event::{Event, EventStream};
use futures::{FutureExt as _, StreamExt as _};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Messages that may wait to be taken in.
const QUEUE: usize = 1_024;

/// Messages taken in before the screen is drawn again, so that a flood cannot keep it still.
const AT_ONCE: usize = 256;

pub async fn run(options: Options) -> Result<End> {
    let look = look(&options)?;
    let mut terminal = Terminal::take()?;
    let (sender, mut messages) = mpsc::channel(QUEUE);
    let mut runner = Runner::new(sender.clone(), options.connect.clone());
    let mut state = State::new(look, Instant::now());
    if let Ok(size) = terminal.screen.size() {
        state.size = (size.width, size.height);
    }
    let mut first = Vec::new();
    begin(&mut state, options, &mut first);
    draw(&mut terminal, &state)?;
    listen_for_signals(&sender);
    let mut events = EventStream::new();
    let mut ended = carry_out(first, &mut terminal, &mut runner, &mut events, &sender)?;
    while !ended {
        let message = next(&mut events, &mut messages, state.deadline()).await?;
        let mut waiting = vec![message];
        while waiting.len() < AT_ONCE {
            let Some(more) = at_hand(&mut events, &mut messages)? else { break };
            waiting.push(more);
        }
        for message in waiting.into_iter().flatten() {
            let effects = update(&mut state, message, Instant::now());
            ended |= carry_out(effects, &mut terminal, &mut runner, &mut events, &sender)?;
        }
        if !ended {
            draw(&mut terminal, &state)?;
        }
    }
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
        None => theme::load("terminal", depth),
        Some("auto") => theme::load(if terminal_is_light() { "light" } else { "dark" }, depth),
        Some(path) if path.ends_with(".toml") => {
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

fn begin(state: &mut State, options: Options, effects: &mut Vec<Effect>) {
    state.demo = options.demo;
    state.migration = options.sql_file;
    match options.target {
        Some(target) => open_picker(state, target, effects),
        None => state.picker = Some(Picker::new(&options.recent, &options.named)),
    }
}

fn draw(terminal: &mut Terminal, state: &State) -> Result<()> {
    let drawn = terminal.screen.draw(|frame| view::draw(state, frame));
    drawn.map(|_| ()).map_err(|why| Error::internal(format!("the terminal cannot be drawn on: {why}")))
}

/// Waits for the next thing that happens.
async fn next(
    events: &mut EventStream,
    messages: &mut mpsc::Receiver<Message>,
    deadline: Option<Instant>,
) -> Result<Option<Message>> {
    let wake = async {
        match deadline {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        event = events.next() => from_terminal(event),
        message = messages.recv() => Ok(message),
        () = wake => Ok(Some(Message::Tick)),
    }
}

/// What has happened already and waits, if anything does.
fn at_hand(events: &mut EventStream, messages: &mut mpsc::Receiver<Message>) -> Result<Option<Option<Message>>> {
    if let Some(event) = events.next().now_or_never() {
        return from_terminal(event).map(Some);
    }
    Ok(messages.try_recv().ok().map(Some))
}

fn from_terminal(event: Option<std::io::Result<Event>>) -> Result<Option<Message>> {
    match event {
        Some(Ok(Event::Key(key))) => Ok(Some(Message::Key(key))),
        Some(Ok(Event::Mouse(mouse))) => Ok(Some(Message::Mouse(mouse))),
        Some(Ok(Event::Paste(text))) => Ok(Some(Message::Paste(text))),
        Some(Ok(Event::Resize(width, height))) => Ok(Some(Message::Resize(width, height))),
        Some(Ok(Event::FocusGained | Event::FocusLost)) => Ok(None),
        Some(Err(why)) => Err(Error::internal(format!("the terminal cannot be read: {why}"))),
        // The terminal is gone.
        None => Ok(Some(Message::Terminate)),
    }
}

/// Does what needs the terminal here and gives the rest to the runner; true when it is time to end.
fn carry_out(
    effects: Vec<Effect>,
    terminal: &mut Terminal,
    runner: &mut Runner,
    events: &mut EventStream,
    sender: &mpsc::Sender<Message>,
) -> Result<bool> {
    let mut ended = false;
    for effect in effects {
        match effect {
            Effect::Quit => ended = true,
            Effect::Redraw => {
                terminal.screen.clear().map_err(|why| Error::internal(why.to_string()))?;
            }
            Effect::Suspend => lend(terminal, events, stop_ourselves)?,
            Effect::Edit { step, text } => {
                let mut result = Err(Error::internal("the editor did not run"));
                lend(terminal, events, || result = effects::edit(&text))?;
                // The queue has room: the loop is right here, taking in nothing.
                let _ = sender.try_send(Message::Edited(step, result));
            }
            effect => runner.start(effect),
        }
    }
    Ok(ended)
}

/// Lends the terminal, with nobody here reading its keys meanwhile.
fn lend(terminal: &mut Terminal, events: &mut EventStream, borrower: impl FnOnce()) -> Result<()> {
    *events = EventStream::new();
    terminal.lend(borrower)?;
    *events = EventStream::new();
    Ok(())
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
