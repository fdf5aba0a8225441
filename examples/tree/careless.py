try:
    f()
except ValueError:
    pass
except:
    pass
