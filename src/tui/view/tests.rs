//! Screens as they are drawn, in several sizes and looks.

use crate::tui::action::Tab;
use crate::tui::fixture::Stage;
use crate::tui::state::{Focus, Layer, Palette};
use crate::tui::symbols;
use crate::tui::theme::{self, Depth, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

fn drawn(stage: &mut Stage, width: u16, height: u16) -> Buffer {
    stage.state.size = (width, height);
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| super::draw(&stage.state, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

/// Every run of cells with the same style, row by row.
fn styled(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut last: Option<Style> = None;
        for cell in row {
            if last != Some(cell.style()) {
                let style = cell.style();
                out.push_str(&format!("\n{:?}/{:?}/{:?} ", style.fg, style.bg, style.add_modifier));
                last = Some(style);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\n--");
    }
    out
}

/// Every screen there is, by a name.
fn screens() -> Vec<(&'static str, Stage)> {
    let with = |mut stage: Stage, change: fn(&mut Stage)| {
        change(&mut stage);
        stage
    };
    let tab = |tab: Tab| {
        let mut stage = Stage::running();
        stage.state.tab = tab;
        stage.state.focus = Focus::Middle;
        stage
    };
    vec![
        ("picking", Stage::picking()),
        ("connected", Stage::connected()),
        ("planned", Stage::planned()),
        ("rehearsed", Stage::rehearsed()),
        ("rehearsed_step", with(Stage::rehearsed(), |s| s.state.plan.open = true)),
        ("rehearsing", with(Stage::planned(), |s| drop(s.keys("R")))),
        ("step_opened", with(Stage::planned(), |s| s.state.plan.open = true)),
        (
            "details",
            with(Stage::connected(), |s| {
                s.keys("jj");
                s.press(crossterm::event::KeyCode::Enter);
            }),
        ),
        ("searching", with(Stage::connected(), |s| drop(s.keys("/ord")))),
        ("diff", with(Stage::planned(), |s| s.state.tab = Tab::Diff)),
        ("asking", Stage::asking(0)),
        ("asking_for_a_name", Stage::asking(1)),
        ("running", Stage::running()),
        ("gauges", tab(Tab::Gauges)),
        ("history", tab(Tab::History)),
        ("chatting", with(Stage::planned(), |s| s.state.focus = Focus::Chat)),
        ("zoomed", with(Stage::planned(), |s| s.state.zoomed = true)),
        ("help", with(Stage::connected(), |s| s.state.layers.push(Layer::Help { scroll: 3 }))),
        ("palette", with(Stage::connected(), |s| s.state.layers.push(Layer::Palette(Palette::default())))),
        ("quitting", with(Stage::running(), |s| drop(s.keys("q")))),
    ]
}

#[test]
fn every_screen_at_the_usual_sizes() {
    for (name, mut stage) in screens() {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&drawn(&mut stage, width, height)));
        }
    }
}

#[test]
fn styles_of_the_screens_that_matter_most() {
    for (name, mut stage) in screens() {
        if matches!(name, "planned" | "asking_for_a_name" | "diff") {
            insta::assert_snapshot!(format!("{name}_styled"), styled(&drawn(&mut stage, 80, 24)));
        }
    }
}

#[test]
fn every_screen_draws_at_every_size_without_panic() {
    for (_, mut stage) in screens() {
        for width in 1..=40 {
            for height in 1..=12 {
                drawn(&mut stage, width, height);
            }
        }
        for (width, height) in [(60, 16), (61, 17), (79, 23), (300, 100), (60, 100), (300, 16)] {
            drawn(&mut stage, width, height);
        }
    }
}

#[test]
fn a_screen_that_is_too_small_says_what_it_wants() {
    assert!(text(&drawn(&mut Stage::connected(), 59, 16)).contains("wants 60x16"));
}

#[test]
fn every_colour_comes_from_the_theme() {
    let fake = Color::Rgb(1, 2, 3);
    for (name, mut stage) in screens() {
        stage.state.look.theme = Theme::from_fn("fake", |_| Style::new().fg(fake).bg(fake));
        let buffer = drawn(&mut stage, 120, 40);
        for cell in &buffer.content {
            assert!(cell.fg == fake && cell.bg == fake, "{name}: {cell:?}");
        }
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    for (name, mut stage) in screens() {
        stage.state.look.theme = theme::load("terminal", Depth::None).unwrap();
        let buffer = drawn(&mut stage, 120, 40);
        assert!(buffer.content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset), "{name}");
    }
}

#[test]
fn ascii_screens_are_ascii() {
    for (name, mut stage) in screens() {
        stage.state.look.symbols = symbols::ASCII;
        assert!(text(&drawn(&mut stage, 120, 40)).is_ascii(), "{name}");
    }
}

#[test]
fn control_characters_from_a_server_never_reach_the_screen() {
    let shown = text(&drawn(&mut Stage::asking(0), 200, 60));
    assert!(shown.contains("report\\x1b[31m") && !shown.contains('\u{1b}'));
}

#[test]
fn production_is_said_in_letters() {
    assert!(text(&drawn(&mut Stage::connected(), 80, 24)).contains("PROD"));
    assert!(text(&drawn(&mut Stage::asking(0), 80, 24)).contains("PRODUCTION"));
}
