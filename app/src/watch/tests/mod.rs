mod acts;
mod fixture;
mod keys;
mod screens;
mod speed;
