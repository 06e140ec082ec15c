//! Asking before a step, and what counts as an answer.

use super::control::Halt;
use super::drive::{Answered, Run};
use super::{Command, Event};
use crate::engine::{Gate, Verdict};
use crate::plan::Step;
use std::time::Duration;

/// A gate that takes longer than this to be read is shown as unknown.
const GATE_PATIENCE: Duration = Duration::from_secs(5);

/// What a command means while a step waits for its confirmation.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Confirmed,
    Skip,
    Stop,
    /// Ask again, with the reason if there is one.
    Again(Option<String>),
    Signal(i64, bool),
    Nothing,
}

fn meaning(command: Command, step: &Step) -> Meaning {
    match command {
        Command::Confirm(consent) => match consent.objection(step) {
            None => Meaning::Confirmed,
            why => Meaning::Again(why),
        },
        Command::Skip(id) if id == step.id => Meaning::Skip,
        Command::Skip(id) => Meaning::Again(Some(format!("Step {} is next, not {id}.", step.id))),
        Command::RefreshGate => Meaning::Again(None),
        Command::Cancel | Command::Stop => Meaning::Stop,
        Command::Signal { backend, terminate } => Meaning::Signal(backend, terminate),
        Command::Pause | Command::Resume => Meaning::Nothing,
    }
}

impl Run {
    /// Asks until there is an answer that counts.
    pub(super) async fn ask(&mut self, step: &Step) -> Answered {
        let mut objection: Option<String> = None;
        loop {
            let mut gate = self.gate(step).await;
            self.control.may_signal(&gate.holders);
            if let Some(why) = objection.take() {
                self.control.note(&*why).await;
                gate.reasons.insert(0, why);
            }
            self.control.tell(Event::Asks { step: Box::new(step.clone()), gate: Box::new(gate) }).await;
            loop {
                let Some(command) = self.next_command().await else { return Answered::Stopped };
                match meaning(command, step) {
                    Meaning::Confirmed => return Answered::Confirmed,
                    Meaning::Skip => return Answered::Skipped,
                    Meaning::Stop => return Answered::Stopped,
                    Meaning::Signal(backend, terminate) => self.control.signal(backend, terminate),
                    Meaning::Nothing => {}
                    Meaning::Again(why) => {
                        objection = why;
                        break;
                    }
                }
            }
        }
    }

    /// The next command, or none when the front end has gone.
    async fn next_command(&mut self) -> Option<Command> {
        tokio::select! {
            command = self.control.commands.recv() => command,
            () = self.control.events.closed() => None,
        }
    }

    /// The go/no-go; what cannot be read is unknown, never go.
    async fn gate(&mut self, step: &Step) -> Gate {
        let why = match tokio::time::timeout(GATE_PATIENCE, self.database.gate(step)).await {
            Ok(Ok(gate)) => return gate,
            Ok(Err(why)) => format!("Who is in the way cannot be told: {why}"),
            Err(_) => "Who is in the way cannot be told: the server takes too long to answer.".to_owned(),
        };
        Gate {
            verdict: Verdict::Unknown,
            holders: Vec::new(),
            longest: Vec::new(),
            replication: None,
            reasons: vec![why],
        }
    }

    /// The error of a step that broke off: of the halt if there was one, else what the database said.
    pub(super) fn told(&self, said: crate::Error) -> crate::Error {
        self.control.halt().map_or(said, Halt::error)
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, meaning};
    use crate::plan::{Phase, Step};
    use crate::run::{Command, Consent};

    #[test]
    fn only_exact_consent_confirms() {
        let step = Step {
            id: "2".into(),
            destroys: vec!["public.t".into()],
            ..Step::ddl("drop", Phase::Contract, vec!["DROP TABLE t".into()])
        };
        assert!(matches!(meaning(Command::Confirm(Consent::to(&step)), &step), Meaning::Again(Some(_))));
        let right = Consent::to(&step).typed("public.t");
        assert_eq!(meaning(Command::Confirm(right.clone()), &step), Meaning::Confirmed);
        let next = Step { id: "3".into(), ..step.clone() };
        assert!(matches!(meaning(Command::Confirm(right), &next), Meaning::Again(Some(_))));
        assert_eq!(meaning(Command::Skip("2".into()), &step), Meaning::Skip);
        assert!(matches!(meaning(Command::Skip("1".into()), &step), Meaning::Again(Some(_))));
        assert_eq!(meaning(Command::Cancel, &step), Meaning::Stop);
        assert_eq!(meaning(Command::Resume, &step), Meaning::Nothing);
    }
}
