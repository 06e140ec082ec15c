//! What a key, a click or the palette can ask for.

use super::state::Move;

/// The middle panes, of which one is in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Plan,
    Diff,
    Details,
    Gauges,
    History,
}

impl Tab {
    pub const ALL: [Self; 5] = [Self::Plan, Self::Diff, Self::Details, Self::Gauges, Self::History];

    pub fn title(self) -> &'static str {
        match self {
            Self::Plan => "Plan",
            Self::Diff => "Diff",
            Self::Details => "Details",
            Self::Gauges => "Gauges",
            Self::History => "History",
        }
    }
}

/// One thing that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    // Everywhere.
    Help,
    Palette,
    Quit,
    Suspend,
    Redraw,
    NextPane,
    PreviousPane,
    Zoom,
    Show(Tab),
    Ask,
    Reload,
    Back,
    NextTheme,
    OtherDatabase,
    OpenMigration,
    OpenWanted,
    OpenCompare,
    CompareTwo,
    Repair,
    Go(Move),
    // The browser.
    Open,
    Close,
    Search,
    // The plan.
    OpenStep,
    EditStep,
    DropStep,
    StepEarlier,
    StepLater,
    Undo,
    Redo,
    SavePlan,
    CopyStep,
    CopyPlan,
    ToggleStyle,
    TakeSafer,
    Rehearse,
    Run,
    TakeBackLast,
    TakeBackAll,
    // A run.
    Pause,
    Cancel,
    StopRun,
    CancelBlocker,
    TerminateBlocker,
    // The chat and other text.
    Send,
    NewLine,
    Earlier,
    Later,
    Choose,
    // Dialogs.
    Confirm,
    Skip,
    RefreshGate,
    OtherButton,
    PressButton,
    // History.
    ViewRun,
    ResumeRun,
}
