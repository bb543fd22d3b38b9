"""What bench/training.py and bench/torch_training.py both train."""

# Layers, width, heads, intermediate width.
STUDENTS = {"3x384": (3, 384, 12, 1536), "4x312": (4, 312, 12, 1200), "6x768": (6, 768, 12, 3072)}
PROJECTION = "projection.safetensors"  # of a student whose width is not the teacher's
LEARNING_RATE, DECAY, CLIP = 1e-4, 0.01, 1.0
NO_DECAY = ["bias", "LayerNorm.weight"]
