//! The workbench: one state, messages that change it, a view that only reads it.

mod options;

pub use options::{End, Next, Options};

/// Opens the workbench and comes back when the user leaves it.
///
/// # Errors
/// `Usage` where there is no terminal that can show a full screen; `Config` for a theme that cannot be read.
pub async fn open(_options: Options) -> crate::Result<End> {
    Err(crate::Error::internal("the workbench is not built"))
}
