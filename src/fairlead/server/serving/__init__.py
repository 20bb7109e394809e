"""The server's parts as processes: started, kept running, stopped in order."""
