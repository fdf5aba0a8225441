größe = 1


class Übung:
    def naïve(self):
        return 'é'


from módulo import año as año2
