//! Where everything is, from the size and the state alone, so that clicks find what was drawn.

use super::super::action::Tab;
use super::super::state::{Focus, Notice, State};
use ratatui::layout::Rect;

/// The smallest size that can work: columns and rows.
pub const MIN: (u16, u16) = (60, 16);

/// From this width on the chat is at the right, else below.
const WIDE: u16 = 150;

/// Lines above the list of steps.
pub const PLAN_HEAD: usize = 2;

/// The parts of the screen; those out of sight are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub header: Rect,
    pub body: Rect,
    pub browser: Rect,
    pub middle: Rect,
    pub chat: Rect,
    pub strip: Rect,
    pub footer: Rect,
}

pub fn areas(state: &State) -> Areas {
    areas_in(state, Rect::new(0, 0, state.size.0, state.size.1))
}

pub fn areas_in(state: &State, whole: Rect) -> Areas {
    let footer_height = match &state.notice {
        None => 1,
        Some(Notice::Info(_)) => 2,
        Some(Notice::Problem(_)) => 3,
    };
    let strip_height = if state.running() && state.tab != Tab::Gauges { 2 } else { 0 };
    let (header, rest) = top(whole, 1);
    let (rest, footer) = bottom(rest, footer_height);
    let (body, strip) = bottom(rest, if state.picker.is_some() { 0 } else { strip_height });
    let mut areas = Areas { header, body, strip, footer, ..Areas::default() };
    if state.zoomed {
        match state.focus {
            Focus::Browser => areas.browser = body,
            Focus::Middle => areas.middle = body,
            Focus::Chat => areas.chat = body,
        }
        return areas;
    }
    let (browser, rest) = left(body, (whole.width / 4).clamp(24, 46));
    areas.browser = browser;
    if whole.width >= WIDE {
        let chat = (whole.width / 3).clamp(44, 70);
        (areas.middle, areas.chat) = left(rest, rest.width.saturating_sub(chat));
    } else {
        let chat = if state.focus == Focus::Chat { rest.height / 2 } else { rest.height / 3 };
        (areas.middle, areas.chat) = bottom(rest, chat.clamp(5, 18));
    }
    areas
}

fn top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

fn bottom(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    top(area, area.height - height)
}

fn left(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
}

/// What is inside a pane's border.
pub fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// A box of about this size in the middle.
pub fn centred(within: Rect, (width, height): (u16, u16)) -> Rect {
    let width = width.min(within.width.saturating_sub(2)).max(1).min(within.width);
    let height = height.min(within.height);
    Rect { x: within.x + (within.width - width) / 2, y: within.y + (within.height - height) / 2, width, height }
}

/// The tab whose title is at a column of the middle pane's top border.
pub fn tab_at(middle: Rect, x: u16) -> Option<Tab> {
    let mut from = middle.x + 1;
    for (number, tab) in (1_u16..).zip(Tab::ALL) {
        let width = u16::try_from(tab_title(number, tab).len()).unwrap_or(0);
        if (from..from + width).contains(&x) {
            return Some(tab);
        }
        from += width;
    }
    None
}

/// A tab's title with its key.
pub fn tab_title(number: u16, tab: Tab) -> String {
    format!(" {number} {} ", tab.title())
}
