// Filled by the uploader room.
