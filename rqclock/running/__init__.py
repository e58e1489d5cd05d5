"""The clock process: it leads or stands by, and turns due ticks into decisions."""
