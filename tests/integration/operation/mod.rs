//! The program as the server operator runs it: commands, starts and stops, files, backups.

mod backup;
mod canary;
mod catalog;
mod commands;
mod connections;
mod cut_off;
mod demo;
mod disk_full;
mod file_modes;
mod first_start;
mod health;
mod journal;
pub mod operator;
mod output;
mod pepper;
mod proxy_list;
mod serving;
mod start_sentences;
mod start_waits;
