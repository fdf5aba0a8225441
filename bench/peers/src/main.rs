//! Reads paths of Python files from standard input, one a line, parses each N times with
//! ruff_python_parser, one thread, files in memory; prints one JSON object like bench/python_facts.
use std::io::BufRead;
use std::time::Instant;

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5);
    let mut files = Vec::new();
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        files.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let bytes: usize = files.iter().map(String::len).sum();
    let mut best = f64::MAX;
    let mut partial = 0;
    for _ in 0..rounds {
        partial = 0;
        let start = Instant::now();
        for text in &files {
            let parsed = ruff_python_parser::parse_unchecked_source(
                text,
                ruff_python_ast::PySourceType::Python,
            );
            partial += usize::from(!parsed.errors().is_empty());
            std::hint::black_box(&parsed);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{{\"files\":{},\"bytes\":{},\"best_seconds\":{:.4},\"mb_per_second\":{:.1},\"partial\":{}}}",
        files.len(),
        bytes,
        best,
        bytes as f64 / best / 1e6,
        partial
    );
}
