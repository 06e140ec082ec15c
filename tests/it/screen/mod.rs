//! Drives the real program through a pseudo-terminal, with a model of the screen to look at.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a screen is waited for; generous, since other tests run beside.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program on its terminal.
pub struct Screen {
    model: Arc<Mutex<vt100::Parser>>,
    keyboard: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Screen {
    /// Starts `lockstep` with `arguments` on a terminal of `columns` × `rows`, its state kept in `home`.
    pub fn open(arguments: &[&str], (columns, rows): (u16, u16), home: &Path) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lockstep"));
        command.args(arguments);
        command.cwd(home);
        for name in ["DATABASE_URL", "PGHOST", "PGDATABASE", "PGSERVICE", "NO_COLOR", "EDITOR", "VISUAL"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("LC_ALL", "C.UTF-8");
        command.env("LOCKSTEP_STATE_DIR", home.join("state"));
        command.env("LOCKSTEP_CONFIG", home.join("config.toml"));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let model = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&model);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count) = output.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                seen.lock().unwrap().process(&bytes[..count]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { model, keyboard, master: pair.master, child }
    }

    /// What the screen shows now, line by line.
    pub fn text(&self) -> String {
        self.model.lock().unwrap().screen().contents()
    }

    /// Types text as it is; control characters are keys (`\r` Enter, `\x1b` Escape, `\t` Tab).
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
        self
    }

    /// Waits until the screen shows `wanted`.
    #[track_caller]
    pub fn wait_for(&mut self, wanted: &str) -> &mut Self {
        self.wait_until(&format!("{wanted:?} to appear"), |text| text.contains(wanted))
    }

    /// Waits until the screen does not show `unwanted` any more.
    #[track_caller]
    pub fn wait_gone(&mut self, unwanted: &str) -> &mut Self {
        self.wait_until(&format!("{unwanted:?} to go"), |text| !text.contains(unwanted))
    }

    #[track_caller]
    pub fn wait_until(&mut self, what: &str, reached: impl Fn(&str) -> bool) -> &mut Self {
        let start = Instant::now();
        loop {
            let text = self.text();
            if reached(&text) {
                return self;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                start.elapsed() < PATIENCE && ended.is_none(),
                "waited for {what} in vain (program {}); the screen:\n{text}",
                ended.map_or("runs".to_owned(), |status| format!("ended with {status:?}"))
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Gives the program time to draw what must not change, or to leave the first moments of a dialog behind.
    pub fn settle(&mut self, time: Duration) -> &mut Self {
        std::thread::sleep(time);
        self
    }

    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.model.lock().unwrap().screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        self
    }

    /// Whether the program left the terminal as it found it: main screen, cursor shown, no mouse, no bracketed paste.
    pub fn terminal_is_restored(&self) -> bool {
        let model = self.model.lock().unwrap();
        let screen = model.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    /// Kills the program at once, as `kill -9` does.
    pub fn kill(&mut self) {
        // The child's own `kill` begins with SIGHUP, which ends the program in good order.
        let process = self.process_id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", "KILL", &process]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    pub fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the program has ended by itself; its exit status.
    #[track_caller]
    pub fn wait_end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last may still be on its way.
                std::thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "the program does not end; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
