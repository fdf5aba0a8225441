// measure.rs - measure.h for the programs in Rust.
// Next:   measure.h

#![allow(dead_code)]
use std::time::{Duration, Instant};

pub fn argument(index: usize, otherwise: usize) -> usize {
    std::env::args().nth(index).map_or(otherwise, |text| text.parse().expect("a number"))
}

pub fn pool(workers: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(workers).build().expect("pool")
}

pub fn burn(ns: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_nanos(ns) {}
}

pub struct Series {
    name: &'static str,
    values: Vec<f64>,
}

impl Series {
    pub fn new(name: &'static str) -> Series {
        Series { name, values: Vec::new() }
    }

    pub fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// Nanoseconds since `start`, for one of `count`.
    pub fn add_since(&mut self, start: Instant, count: u32) {
        self.add(start.elapsed().as_nanos() as f64 / f64::from(count));
    }
}

pub fn print(workers: usize, check: u64, series: &[Series]) {
    let figures: Vec<String> = series
        .iter()
        .map(|series| format!("\"{}\":{:?}", series.name, series.values))
        .collect();
    println!(
        "{{\"who\":\"rayon\",\"workers\":{},\"check\":\"{:x}\",\"figures\":{{{}}}}}",
        workers,
        check,
        figures.join(",")
    );
}
