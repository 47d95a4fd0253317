//! The compiler: REST descriptions in, reviewable capability definitions and lowered capabilities out.
//!
//! It is a function of its input. It opens no file, reads no clock and no environment; bytes come
//! through one [`source::SourceLoader`], and what there is to say leaves as
//! [`diagnostic::Diagnostic`]s.
//!
//! Two ways run through it, and they meet in [`definition`]:
//!
//! ```text
//! import:  text -> tree -> document -> operation -> definition -> text
//! compile: text -> definition -> checked definition -> capability -> pinned capability
//! ```

pub mod advice;
pub mod canonical;
pub mod capability;
pub mod check;
pub mod compile;
pub mod definition;
pub mod diagnostic;
pub mod diff;
pub mod import;
mod json_schema;
pub mod lower;
pub mod openapi;
pub mod pin;
pub mod report;
pub mod source;
pub mod syntax;
