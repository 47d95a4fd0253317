//! How long an import takes, beside a bare parse of the same JSON: a large real document, and one of
//! 13 MB that repeats its paths under other names. `CAP_SHARED` names the folder of the document.
//!
//! Compiling what was imported is measured too. Nothing is written to a disk.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on stops")]

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

use support::{LARGE, github, repeated};

fn benches(criterion: &mut Criterion) {
    let Some(github) = github() else { return };
    let large = repeated(&github, LARGE);
    for (name, bytes) in [("github", github), ("github_13_mb", large)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).measurement_time(Duration::from_secs(10));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("bare_parse", |bencher| {
            bencher.iter(|| serde_json::from_slice::<Value>(black_box(&bytes)).unwrap());
        });
        group.bench_function("import", |bencher| bencher.iter(|| imported(black_box(&bytes))));
        let files = imported(&bytes).files;
        group.bench_function("compile", |bencher| bencher.iter(|| compiled(black_box(&files))));
        group.finish();
    }
}

fn imported(bytes: &[u8]) -> Import {
    let source = DocumentSource { id: SourceId::new("github.json"), bytes: bytes.to_vec() };
    import(&source, &ImportOptions::default(), &MemoryLoader::default())
}

fn compiled(files: &[(String, String)]) -> usize {
    let parse = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = files.iter().map(parse).collect();
    compile(&files, &Pins::default()).tools.len()
}

criterion_group!(all, benches);
criterion_main!(all);
