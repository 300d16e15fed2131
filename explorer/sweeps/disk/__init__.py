"""What a store is made of on disk: its anatomy, its header, its arrays, its files."""
