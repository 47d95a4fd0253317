//! What an OpenAPI document says: text to operations, parameters, bodies, schemas, credentials and
//! servers, all in one dialect (OpenAPI 3.1, JSON Schema 2020-12).
//!
//! Documents in the wild are wrong in places. Everything here is read item by item: what cannot be
//! read becomes a diagnostic at its place and costs only what needs it. What becomes of an
//! operation is decided in [`crate::import`].

mod address;
mod anchor;
mod body;
mod document;
mod library;
mod moves;
mod operation;
pub mod overlay;
mod parameter;
pub mod prose;
mod reference;
mod report;
mod response;
pub mod schema;
mod security;
mod server;
mod swagger;
mod tree;
mod version;

pub use address::{Address, Spot, Trail};
pub use body::{MediaType, RequestBody, media_types};
pub use document::{Document, Info, digest};
pub use operation::{METHODS, Operation, Outline, outlines};
pub use parameter::{Location, Parameter, Serialization, is_header_name};
pub use report::Report;
pub use response::{success_media_types, success_response};
pub use security::{
    Flow, FlowKind, Requirements, Scheme, SchemeKind, required_scopes, requirements, scheme_name, schemes,
};
pub use server::{Server, servers};
pub use version::{Version, is_document};

use anchor::Anchors;
