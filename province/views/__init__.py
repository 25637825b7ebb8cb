"""The pages: citizens' tracking, officials' console, the kiosks' endpoints."""
