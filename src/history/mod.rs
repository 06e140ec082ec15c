//! What happened before: earlier runs and what they left unfinished.
