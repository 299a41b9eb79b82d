//! Devices that the kernels can run on.

use super::Report;
use super::document::{Block, Column, Document, Section, Table, Unit};
use crate::engine::DeviceReport;
use serde_json::{Value, json};

/// The adapters of a machine, and what the CPU path uses.
#[derive(Debug, Clone)]
pub struct DevicesReport {
    /// Adapters, the chosen one first.
    pub devices: Vec<DeviceReport>,
    /// Instruction set of the CPU path.
    pub instruction_set: &'static str,
    /// Threads of the CPU path.
    pub threads: usize,
}

impl Report for DevicesReport {
    fn document(&self) -> Document {
        let each = |of: fn(&DeviceReport) -> String| self.devices.iter().map(of).collect::<Vec<_>>();
        let table = Table::of(vec![
            Column::counts("no.", self.devices.iter().map(|d| d.number as u64)),
            Column::words("adapter", each(|d| d.name.clone())),
            Column::words("interface", each(|d| d.interface.clone())),
            Column::words("kind", each(|d| d.kind.clone())),
            Column::words("driver", each(|d| d.driver.clone())),
            Column::values(
                "largest buffer",
                Unit::Metric("B"),
                self.devices.iter().map(|d| Some(d.storage_buffer_bytes as f64)),
            ),
            Column::words("chosen", each(|d| if d.chosen { "yes".into() } else { "no".into() })),
            Column::words("why", each(|d| d.why.clone())),
        ]);
        let title = match self.devices.iter().find(|device| device.chosen) {
            Some(device) => format!("kernels would run on {}", device.name),
            None => {
                format!("kernels would run on the CPU: {} threads, {}", self.threads, self.instruction_set)
            }
        };
        let adapters = if self.devices.is_empty() {
            Block::Text("No adapter: no Vulkan, Metal or DirectX 12 driver offers one.".into())
        } else {
            Block::Table(table)
        };
        let cpu = vec![
            ("threads".to_owned(), self.threads.to_string()),
            ("instruction set".to_owned(), self.instruction_set.to_owned()),
        ];
        Document {
            title,
            lead: Vec::new(),
            sections: vec![
                Section { heading: "Adapters".into(), blocks: vec![adapters] },
                Section { heading: "CPU".into(), blocks: vec![Block::KeyValues(cpu)] },
            ],
        }
    }

    fn json(&self) -> Value {
        let devices: Vec<Value> = self
            .devices
            .iter()
            .map(|d| {
                json!({
                    "number": d.number, "name": d.name, "interface": d.interface, "kind": d.kind, "driver": d.driver,
                    "storage_buffer_bytes": d.storage_buffer_bytes, "workgroups": d.workgroups,
                    "invocations": d.invocations, "chosen": d.chosen, "why": d.why,
                })
            })
            .collect();
        json!({
            "schema": "gigawatt.devices/1",
            "devices": devices,
            "cpu": {"threads": self.threads, "instruction_set": self.instruction_set},
        })
    }
}
