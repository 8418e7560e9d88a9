//! The detector against some hundred secrets and as many values that are none.

mod corpus;
mod cost;
mod detector;
mod export;
mod figures;
