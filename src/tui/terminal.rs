//! The terminal: taken over as a whole, and given back as it was however the workbench ends.

use crate::{Error, ErrorCode, Result};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, style};
use ratatui::backend::CrosstermBackend;
use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now, so that it is given back once and not twice.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The taken-over terminal; it is given back when this is dropped.
#[derive(Debug)]
pub struct Terminal {
    pub screen: ratatui::Terminal<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// `Usage` where there is none that can show a full screen.
    pub fn take() -> Result<Self> {
        let no_screen = |why: &str| {
            Error::new(ErrorCode::Usage, format!("the workbench needs a full-screen terminal: {why}"))
                .hint("Use the commands instead: lockstep inspect, plan, lint, apply, status (lockstep --help).")
        };
        if !stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return Err(no_screen("input or output is not a terminal"));
        }
        if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
            return Err(no_screen("TERM is \"dumb\""));
        }
        // The theme decides about colours, also about having none.
        style::force_color_output(true);
        give_back_on_panic();
        enter().map_err(|why| no_screen(&why.to_string()))?;
        let screen =
            ratatui::Terminal::new(CrosstermBackend::new(stdout())).map_err(|why| no_screen(&why.to_string()))?;
        Ok(Self { screen })
    }

    /// Lets something else have the terminal for a while.
    pub fn lend<T>(&mut self, borrower: impl FnOnce() -> T) -> Result<T> {
        give_back();
        let out = borrower();
        let failed = |why: std::io::Error| Error::internal(format!("the terminal could not be taken again: {why}"));
        enter().map_err(failed)?;
        self.screen.clear().map_err(failed)?;
        Ok(out)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> std::io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = stdout();
    // Keep the title that is there, to be put back (xterm's window operation 22).
    out.write_all(b"\x1b[22;0t")?;
    execute!(out, EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, SetTitle("lockstep"), cursor::Hide)
}

/// Everything back as it was. What fails cannot be helped: the terminal may be gone.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, cursor::Show, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen);
    let _ = out.write_all(b"\x1b[23;0t");
    let _ = out.flush();
    let _ = disable_raw_mode();
}

fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
    });
}
